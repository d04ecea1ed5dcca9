import { ERROR_STATUS, type ErrorCode } from '../errors.ts';

/**
 * One counter: its name on the wire, what it counts, and every value that each of its labels may
 * have.
 */
export interface CounterDefinition {
  readonly metric: string;
  readonly help: string;
  /**
   * A list is closed: anything else is counted as `other`. `routes`: a pattern of our own router,
   * never a path.
   */
  readonly labels: Readonly<Record<string, readonly string[] | 'routes'>>;
}

const METHODS = ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE', 'OPTIONS', 'PUT', 'other'] as const;
const TRIGGERS = ['read', 'page', 'behind', 'repair'] as const;
const CODES = Object.keys(ERROR_STATUS) as ErrorCode[];

/**
 * Everything that isolates count, by the name that code counts it under. Nothing else can be
 * counted.
 */
export const COUNTERS = {
  http_request: {
    metric: 'chartproof_http_requests_total',
    help: 'Requests answered, by route pattern (* where none matched) and status class.',
    labels: { method: METHODS, route: 'routes', status: ['1xx', '2xx', '3xx', '4xx', '5xx'] },
  },
  problem: {
    metric: 'chartproof_problems_total',
    help: 'Problem documents answered, by their code.',
    labels: { code: CODES },
  },
  client_gone: {
    metric: 'chartproof_clients_gone_total',
    help: 'Requests whose client hung up before it was answered, as far as the platform tells.',
    labels: {},
  },
  image_served: {
    metric: 'chartproof_images_served_total',
    help: 'Pictures answered (304 included), by where they came from and what is known of them.',
    labels: {
      source: ['edge', 'store', 'rendered', 'stale', 'other'],
      freshness: ['verified', 'attached', 'unverified', 'regenerated', 'stale', 'other'],
    },
  },
  image_verified: {
    metric: 'chartproof_image_verifications_total',
    help: 'Verifications answered, of files that were posted and of what is stored for artifacts.',
    labels: {
      of: ['file', 'artifact'],
      verdict: [
        'verified',
        'same_pixels',
        'altered',
        'relabelled',
        'unknown',
        'unproven',
        'attached',
        'unverified',
        'stale',
        'missing',
        'other',
      ],
    },
  },
  lineage_lookup: {
    metric: 'chartproof_lineage_lookups_total',
    help: 'Executions and runs looked up, by who wanted to know and what was found.',
    labels: {
      trigger: TRIGGERS,
      outcome: ['linked', 'sibling', 'pending', 'unresolved', 'unavailable', 'changed', 'left'],
    },
  },
  lineage_repair: {
    metric: 'chartproof_lineage_repairs_total',
    help: 'Repairs of lineage that ended, by who asked and why they ended.',
    labels: {
      trigger: ['cron', 'request'],
      outcome: ['finished', 'limit', 'time', 'calls', 'mlflow', 'failed', 'not_configured'],
    },
  },
  lineage_repaired: {
    metric: 'chartproof_lineage_repaired_artifacts_total',
    help: 'Artifacts that a repair linked.',
    labels: {},
  },
  draw_failed: {
    metric: 'chartproof_draws_failed_total',
    help: 'Draws that came to no picture.',
    labels: {},
  },
  queue: {
    metric: 'chartproof_queue_events_total',
    help: 'Work that had to wait for its turn in an isolate (queued) or was sent away (refused: busy), by queue.',
    labels: {
      queue: ['reading', 'revalidation', 'redraw', 'draw', 'decode', 'body'],
      event: ['queued', 'refused'],
    },
  },
  flight: {
    metric: 'chartproof_flights_total',
    help: 'Requests that were answered by the work of another (shared), or waited for it in vain (overdue).',
    labels: { of: ['image', 'render', 'create'], event: ['shared', 'overdue'] },
  },
} as const satisfies Readonly<Record<string, CounterDefinition>>;

export type CounterName = keyof typeof COUNTERS;
type LabelsOf<Name extends CounterName> = (typeof COUNTERS)[Name]['labels'];
/**
 * Text is taken for any label, because some of it comes from answers; what the list does not hold
 * becomes `other`.
 */
export type CounterLabels<Name extends CounterName> = Readonly<
  Record<keyof LabelsOf<Name>, string>
>;

export interface Metrics {
  /** Adds to a counter of this isolate; cheap, and never throws. `count('draw_failed', {})` */
  count<Name extends CounterName>(name: Name, labels: CounterLabels<Name>, n?: number): void;
}

export interface Count {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/**
 * Counts on their way to the database. Written twice under one isolate and sequence, they count
 * once.
 */
export interface MetricBatch {
  readonly isolate: string;
  readonly sequence: number;
  readonly counts: readonly Count[];
}

/**
 * What an isolate has counted and not yet seen written; plain data, so that any request may carry
 * it.
 */
export interface MetricBuffer extends Metrics {
  /**
   * The batch that is to be written: the one that nobody has seen arrive, else all counts since.
   * Null: nothing.
   */
  next(): MetricBatch | null;
  acknowledge(batch: MetricBatch): void;
  /** Called after each count: whoever writes may plan to. */
  onCount: (() => void) | null;
}

/**
 * Far above what the closed lists can make; patterns of routes are the only labels that are not
 * listed.
 */
const SERIES_MAX = 2_000;

export function createMetrics(): MetricBuffer {
  let counts = new Map<string, { name: string; labels: Record<string, string>; value: number }>();
  let unacknowledged: MetricBatch | null = null;
  let isolate: string | null = null;
  let sequence = 0;
  const buffer: MetricBuffer = {
    onCount: null,
    count(name, given, n = 1) {
      if (!Number.isFinite(n) || n <= 0) return;
      const labels = closedLabels(COUNTERS[name].labels, given);
      const key = `${name} ${Object.values(labels).join(' ')}`;
      const known = counts.get(key);
      if (known !== undefined) known.value += n;
      else if (counts.size < SERIES_MAX) counts.set(key, { name, labels, value: n });
      buffer.onCount?.();
    },
    next() {
      if (unacknowledged !== null || counts.size === 0) return unacknowledged;
      // Not before: a module may not ask for random numbers while it is loaded.
      isolate ??= crypto.randomUUID();
      sequence += 1;
      unacknowledged = { isolate, sequence, counts: [...counts.values()] };
      counts = new Map();
      return unacknowledged;
    },
    acknowledge(batch) {
      if (unacknowledged === batch) unacknowledged = null;
    },
  };
  return buffer;
}

function closedLabels(
  defined: CounterDefinition['labels'],
  given: Readonly<Record<string, string>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(defined).map(([label, values]) => {
      const value = given[label] ?? 'other';
      return [label, values === 'routes' || values.includes(value) ? value : 'other'];
    }),
  );
}
