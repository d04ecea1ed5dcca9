import type { Log } from '../observability/log.ts';
import { completeRuns } from './complete-runs.ts';
import type {
  DueLookups,
  LineageRepository,
  LinkedArtifact,
  UnlinkedExecution,
} from './lineage.repository.ts';
import type { LookupBounds, MlflowClient } from './mlflow-client.ts';
import type { MlflowFailure } from './mlflow-failure.ts';
import { resolveExecutions } from './resolve-executions.ts';

export interface RepairDependencies {
  readonly lineage: LineageRepository;
  readonly mlflow: MlflowClient;
  readonly log: Log;
  readonly now: () => number;
}

export interface RepairOptions {
  /** What is due by its own memory (cron), or everything not checked since an instant (asked for). */
  readonly due: DueLookups;
  /** Executions and runs at most. */
  readonly limit: number;
  readonly deadlineMs: number;
}

export interface RepairReport {
  /** Executions, and runs without experiment, that were looked up. */
  readonly checked: number;
  readonly linked: readonly LinkedArtifact[];
  /** Nothing was left to look up; false: the limit, the deadline, the calls or MLflow came first. */
  readonly isFinished: boolean;
  /** Why it ended early. */
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
 * Walks what is not linked, batch by batch, longest unchecked first. Each batch is written before the next is looked up,
 * so it can be interrupted anywhere; two at once look some things up twice and write the same.
 */
export async function repairLineage(deps: RepairDependencies, options: RepairOptions): Promise<RepairReport> {
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
  let reason: string | null = null;
  for (const batch of work) {
    if (callsLeft <= 0) reason = NO_CALLS;
    else if (now() >= endsAt) reason = NO_TIME;
    if (reason !== null) break;
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
    reason = done.failure?.message ?? null;
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
  if (reason === null && checked < total) reason = callsLeft <= 0 ? NO_CALLS : NO_TIME;
  const isFinished = reason === null && total < options.limit;
  log.info('lineage.repair_ended', { checked, linked: linked.length, finished: isFinished, reason });
  return { checked, linked, isFinished, reason };
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
    const { resolutions, linked, failure } = await resolveExecutions(deps, batch.executions, bounds, {
      mode: 'repair',
      mayAsk: () => true,
    });
    return { checked: [...resolutions.values()].filter(isChecked).length, linked, failure };
  }
  const { runIds } = batch;
  const { completions, linked, failure } = await completeRuns(deps, runIds, bounds, { isThorough: true });
  const left = [...completions.values()].filter((one) => !isChecked(one)).length;
  return { checked: runIds.length - left, linked, failure };
}
