import type { Log } from '../observability/log.ts';
import { completeRuns } from './complete-runs.ts';
import type { DueLookups, LineageRepository, LinkedArtifact } from './lineage.repository.ts';
import type { MlflowClient } from './mlflow-client.ts';
import type { MlflowFailure } from './mlflow-failure.ts';
import { resolveExecutions } from './resolve-executions.ts';

export interface RepairDependencies {
  readonly lineage: LineageRepository;
  /** With a breaker of its own: a repair that somebody asks for tries MLflow, whatever others met before. */
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
  /** Nothing was left to look up; false: the limit, the deadline or MLflow came first. */
  readonly isFinished: boolean;
  /** Why it ended early, when MLflow is the reason. */
  readonly reason: string | null;
}

const BATCH_SIZE = 50;
/** One batch may not use up the whole time of a long repair. */
const BATCH_DEADLINE_MS = 15_000;
const CALLS_PER_BATCH = 1_000;

/**
 * Walks what is not linked, batch by batch, longest unchecked first. Each batch is written before the next is read, so it
 * can be interrupted anywhere; two at once look some things up twice and write the same.
 */
export async function repairLineage(deps: RepairDependencies, options: RepairOptions): Promise<RepairReport> {
  const { log, now } = deps;
  const endsAt = now() + options.deadlineMs;
  const linked: LinkedArtifact[] = [];
  let checked = 0;
  let reason: string | null = null;
  let isFinished = false;
  while (!isFinished && reason === null && checked < options.limit && now() < endsAt) {
    const size = Math.min(BATCH_SIZE, options.limit - checked);
    const batch = await repairBatch(deps, options.due, size, Math.min(BATCH_DEADLINE_MS, endsAt - now()));
    checked += batch.checked;
    reason = batch.failure?.message ?? null;
    isFinished = batch.checked < size && reason === null;
    for (const one of batch.linked) {
      log.info('lineage.repaired', {
        artifact_id: one.id,
        run_id: one.runId,
        experiment_id: one.experimentId,
      });
    }
    linked.push(...batch.linked);
  }
  log.info('lineage.repair_ended', { checked, linked: linked.length, finished: isFinished, reason });
  return { checked, linked, isFinished, reason };
}

async function repairBatch(
  deps: RepairDependencies,
  due: DueLookups,
  size: number,
  deadlineMs: number,
): Promise<{ checked: number; linked: readonly LinkedArtifact[]; failure: MlflowFailure | null }> {
  const bounds = {
    signal: AbortSignal.timeout(deadlineMs),
    callsLeft: CALLS_PER_BATCH,
    startedAt: deps.now(),
  };
  const executions = await deps.lineage.unlinkedExecutions(size, due);
  const resolved = await resolveExecutions(deps, executions, bounds, { mode: 'repair', mayAsk: () => true });
  const runIds =
    resolved.failure === null ? await deps.lineage.incompleteRuns(size - executions.length, due) : [];
  const completed = await completeRuns(deps, runIds, bounds);
  return {
    checked: executions.length + runIds.length,
    linked: [...resolved.linked, ...completed.linked],
    failure: resolved.failure ?? completed.failure,
  };
}
