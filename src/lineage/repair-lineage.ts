import type { Log } from '../observability/log.ts';
import type { Metrics } from '../observability/metrics.ts';
import { completeRuns } from './complete-runs.ts';
import { countLookups } from './count-lookups.ts';
import type {
  DueLookups,
  LineageRepository,
  LinkedArtifact,
  UnlinkedExecution,
} from './lineage.repository.ts';
import type { LookupBounds, MlflowClient } from '../mlflow/mlflow-client.ts';
import type { MlflowFailure } from '../mlflow/mlflow-failure.ts';
import { resolveExecutions } from './resolve-executions.ts';

export interface RepairDependencies {
  readonly lineage: LineageRepository;
  readonly mlflow: MlflowClient;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly now: () => number;
}

export interface RepairOptions {
  /**
   * What is due by its own memory (cron), or everything not checked since an instant (asked for).
   */
  readonly due: DueLookups;
  /** Executions and runs at most. */
  readonly limit: number;
  readonly deadlineMs: number;
}

export interface RepairReport {
  /** Executions, and runs without experiment, that were looked up. */
  readonly checked: number;
  readonly linked: readonly LinkedArtifact[];
  /**
   * Nothing was left to look up; false: the limit, the deadline, the calls or MLflow came first.
   */
  readonly isFinished: boolean;
  /** `finished`, or what came first. */
  readonly end: 'finished' | 'limit' | 'time' | 'calls' | 'mlflow';
  /** Why it ended early, for people. */
  readonly reason: string | null;
}

const BATCH_SIZE = 50;
/** One batch may not use up the whole time of a long repair. */
const BATCH_DEADLINE_MS = 15_000;
/** A Worker's request has 1,000 subrequests on some plans, and the database needs some. */
const CALLS_MAX = 800;
const SLOW_MS = 5_000;
const NO_TIME = 'The time of one repair is used up; ask again to go on.';
const NO_CALLS = 'The calls of one repair are used up; ask again to go on.';

type Work =
  | { readonly kind: 'executions'; readonly executions: readonly UnlinkedExecution[] }
  | { readonly kind: 'runs'; readonly runIds: readonly string[] };

/**
 * Walks what is not linked, batch by batch, longest unchecked first. Each batch is written before
 * the next is looked up, so it can be interrupted anywhere; two at once look some things up twice
 * and write the same.
 */
export async function repairLineage(
  deps: RepairDependencies,
  options: RepairOptions,
): Promise<RepairReport> {
  const { lineage, log, now } = deps;
  const startedAt = now();
  const endsAt = startedAt + options.deadlineMs;
  const executions = await lineage.unlinkedExecutions(options.limit, options.due);
  const room = options.limit - executions.length;
  const runIds = room === 0 ? [] : await lineage.incompleteRuns(room, options.due);
  const work: Work[] = [
    ...batchesOf(executions).map((some): Work => ({ kind: 'executions', executions: some })),
    ...batchesOf(runIds).map((some): Work => ({ kind: 'runs', runIds: some })),
  ];
  const linked: LinkedArtifact[] = [];
  let callsLeft = CALLS_MAX;
  let checked = 0;
  let broken: 'time' | 'calls' | MlflowFailure | null = null;
  for (const batch of work) {
    if (callsLeft <= 0) broken = 'calls';
    else if (now() >= endsAt) broken = 'time';
    if (broken !== null) break;
    const lastsMs = Math.min(BATCH_DEADLINE_MS, endsAt - now());
    const bounds = {
      signal: AbortSignal.timeout(lastsMs),
      callsLeft,
      lastsMs,
      slowMs: SLOW_MS,
      isForced: true,
      startedAt,
    };
    const done = await lookUp(deps, batch, bounds);
    callsLeft = bounds.callsLeft;
    checked += done.checked;
    broken = done.failure;
    for (const one of done.linked) {
      log.info('lineage.repaired', {
        artifact_id: one.id,
        run_id: one.runId,
        experiment_id: one.experimentId,
      });
    }
    linked.push(...done.linked);
  }
  const total = executions.length + runIds.length;
  if (broken === null && checked < total) broken = callsLeft <= 0 ? 'calls' : 'time';
  const isFinished = broken === null && total < options.limit;
  const { end, reason } = endOf(broken, isFinished);
  log.info('lineage.repair_ended', {
    checked,
    linked: linked.length,
    finished: isFinished,
    reason,
  });
  return { checked, linked, isFinished, end, reason };
}

function endOf(
  broken: 'time' | 'calls' | MlflowFailure | null,
  isFinished: boolean,
): Pick<RepairReport, 'end' | 'reason'> {
  if (broken === null) return { end: isFinished ? 'finished' : 'limit', reason: null };
  if (broken === 'time') return { end: broken, reason: NO_TIME };
  if (broken === 'calls') return { end: broken, reason: NO_CALLS };
  return { end: 'mlflow', reason: broken.message };
}

function batchesOf<T>(all: readonly T[]): T[][] {
  const count = Math.ceil(all.length / BATCH_SIZE);
  return Array.from({ length: count }, (_, i) => all.slice(i * BATCH_SIZE, (i + 1) * BATCH_SIZE));
}

async function lookUp(
  deps: RepairDependencies,
  batch: Work,
  bounds: LookupBounds,
): Promise<{ checked: number; linked: readonly LinkedArtifact[]; failure: MlflowFailure | null }> {
  const isChecked = ({ kind }: { readonly kind: string }) => kind !== 'left';
  if (batch.kind === 'executions') {
    const { resolutions, linked, failure } = await resolveExecutions(
      deps,
      batch.executions,
      bounds,
      {
        mode: 'repair',
        mayAsk: () => true,
      },
    );
    countLookups(deps.metrics, 'repair', resolutions.values());
    return { checked: [...resolutions.values()].filter(isChecked).length, linked, failure };
  }
  const { runIds } = batch;
  const { completions, linked, failure } = await completeRuns(deps, runIds, bounds, {
    isThorough: true,
  });
  countLookups(deps.metrics, 'repair', completions.values());
  const left = [...completions.values()].filter((one) => !isChecked(one)).length;
  return { checked: runIds.length - left, linked, failure };
}
