import { LINEAGE_STATUSES } from '../artifact/artifact.schema.ts';
import { RENDER_REASONS } from '../image/ledger/shown-render.repository.ts';
import type { MetricFamily, MetricSample } from '../observability/exposition.ts';
import { COUNTERS, type CounterDefinition } from '../observability/metrics.ts';
import type { StoredCounter, StoredSnapshot } from './metric-counter.repository.ts';

/** Upper bounds in seconds; above the last one there is +Inf. */
export const RENDER_SECONDS_BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;

const ARTIFACT_TYPES = ['chart', 'llm', 'signal', 'other'];
const UNLINKED = LINEAGE_STATUSES.filter((status) => status !== 'linked');
/**
 * Families with more combinations than this show those that happened, smaller ones all, zeros
 * included.
 */
const ZEROS_MAX = 40;

/** What could be read. */
export interface MetricFacts {
  /** The database answered at all. */
  readonly isUp: boolean;
  /** Its metric tables are there; null: not known, because it did not answer. */
  readonly isMigrated: boolean | null;
  readonly counters: readonly StoredCounter[];
  readonly snapshot: StoredSnapshot | null;
}

/** Decides what /metrics tells; rows that do not fit are passed over, whatever they hold. */
export function metricFamilies({
  isUp,
  isMigrated,
  counters,
  snapshot,
}: MetricFacts): MetricFamily[] {
  const families = [
    gauge('chartproof_database_up', 'Whether the database answered this scrape.', [
      { value: Number(isUp) },
    ]),
    gauge(
      'chartproof_database_migrated',
      'Whether the tables that metrics are kept in are there (npm run migrate).',
      isMigrated === null ? [] : [{ value: Number(isMigrated) }],
    ),
    ...snapshotFamilies(snapshot),
  ];
  if (!isUp || isMigrated !== true) return families;
  return [
    ...families,
    ...renderFamilies(counters),
    ...Object.entries(COUNTERS).map(([name, definition]) =>
      counterFamily(name, definition, counters),
    ),
  ];
}

function snapshotFamilies(snapshot: StoredSnapshot | null): MetricFamily[] {
  if (snapshot === null) return [];
  const groups = Array.isArray(snapshot.facts) ? snapshot.facts.flatMap(readGroup) : [];
  const counts = ARTIFACT_TYPES.flatMap((type) =>
    LINEAGE_STATUSES.map((lineage) => ({
      labels: { type, lineage },
      value: sum(
        groups.filter((group) => group.type === type && group.lineage === lineage),
        'artifacts',
      ),
    })),
  );
  const ages = UNLINKED.map((lineage) => {
    const dates = groups.flatMap((group) =>
      group.lineage === lineage && group.oldest !== null ? [group.oldest] : [],
    );
    const oldest = dates.length === 0 ? snapshot.now : Math.min(...dates);
    return { labels: { lineage }, value: Math.max(0, snapshot.now - oldest) };
  });
  return [
    gauge(
      'chartproof_artifacts',
      'Artifacts by type and lineage status, as of the snapshot.',
      counts,
    ),
    gauge(
      'chartproof_oldest_unlinked_artifact_age_seconds',
      'Age of the oldest artifact that is not linked, by lineage status; 0 where there is none.',
      ages,
    ),
    gauge('chartproof_snapshot_age_seconds', 'Seconds since the artifacts were counted.', [
      { value: Math.max(0, snapshot.age) },
    ]),
    gauge(
      'chartproof_snapshot_duration_seconds',
      'How long counting the artifacts took.',
      snapshot.tookMs === null ? [] : [{ value: snapshot.tookMs / 1_000 }],
    ),
  ];
}

interface Group {
  readonly type: string;
  readonly lineage: string;
  readonly artifacts: number;
  readonly oldest: number | null;
}

function readGroup(value: unknown): Group[] {
  const { type, lineage, artifacts, oldest } = (value ?? {}) as Record<string, unknown>;
  if (typeof type !== 'string' || typeof lineage !== 'string' || !isCount(artifacts)) return [];
  return [
    { type, lineage, artifacts, oldest: Number.isFinite(oldest) ? (oldest as number) : null },
  ];
}

/** Stored by the bucket that a draw falls into; Prometheus wants each bucket with all below it. */
function renderFamilies(counters: readonly StoredCounter[]): MetricFamily[] {
  const of = (name: string, label: string) => {
    const rows = counters.filter((row) => row.name === name && isCount(row.value));
    return (wanted: string) =>
      rows.find(({ labels }) => labelOf(labels, label) === wanted)?.value ?? 0;
  };
  const reason = of('render', 'reason');
  const inBucket = of('render_seconds_bucket', 'le');
  const seconds = counters.find(({ name }) => name === 'render_seconds_sum')?.value;
  let below = 0;
  const buckets = [...RENDER_SECONDS_BUCKETS.map(String), '+Inf'].map((le): MetricSample => {
    below += inBucket(le);
    return { suffix: '_bucket', labels: { le }, value: below };
  });
  return [
    {
      name: 'chartproof_renders_total',
      type: 'counter',
      help: 'Pictures that artifacts were given, by why they had to be drawn; from the ledger.',
      // What else stands in the ledger is `other`.
      samples: [...RENDER_REASONS, 'other'].map((name) => ({
        labels: { reason: name },
        value: reason(name),
      })),
    },
    {
      name: 'chartproof_render_duration_seconds',
      type: 'histogram',
      help: 'How long drawing took, one observation a stored picture; from the ledger.',
      samples: [
        ...buckets,
        { suffix: '_sum', value: isCount(seconds) ? seconds : 0 },
        { suffix: '_count', value: below },
      ],
    },
  ];
}

function counterFamily(
  name: string,
  { metric, help, labels: defined }: CounterDefinition,
  counters: readonly StoredCounter[],
): MetricFamily {
  const values = new Map<string, { labels: Record<string, string>; value: number }>();
  for (const labels of zeros(defined)) values.set(JSON.stringify(labels), { labels, value: 0 });
  for (const row of counters) {
    if (row.name !== name || !isCount(row.value)) continue;
    const labels = readLabels(row.labels, defined);
    if (labels !== null) values.set(JSON.stringify(labels), { labels, value: row.value });
  }
  return { name: metric, type: 'counter', help, samples: [...values.values()] };
}

/** In the order of the definition, and exactly its labels; null: another version's, or nobody's. */
function readLabels(
  stored: unknown,
  defined: CounterDefinition['labels'],
): Record<string, string> | null {
  const names = Object.keys(defined);
  if (typeof stored !== 'object' || stored === null || Object.keys(stored).length !== names.length)
    return null;
  const labels: Record<string, string> = {};
  for (const label of names) {
    const value = labelOf(stored, label);
    const values = defined[label];
    if (value === null || values === undefined) return null;
    if (values !== 'routes' && !values.includes(value)) return null;
    labels[label] = value;
  }
  return labels;
}

function labelOf(labels: unknown, name: string): string | null {
  if (typeof labels !== 'object' || labels === null) return null;
  const value = (labels as Record<string, unknown>)[name];
  return typeof value === 'string' ? value : null;
}

/** Every combination of closed labels, so that a first event shows as a rise from zero. */
function zeros(defined: CounterDefinition['labels']): Record<string, string>[] {
  let all: [string, string][][] = [[]];
  for (const [label, values] of Object.entries(defined)) {
    if (values === 'routes' || all.length * values.length > ZEROS_MAX) return [];
    all = all.flatMap((labels) => values.map((value) => labels.concat([[label, value]])));
  }
  return all.map((labels) => Object.fromEntries(labels));
}

function gauge(name: string, help: string, samples: readonly MetricSample[]): MetricFamily {
  return { name, type: 'gauge', help, samples };
}

function sum(groups: readonly Group[], field: 'artifacts'): number {
  return groups.reduce((total, group) => total + group[field], 0);
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
