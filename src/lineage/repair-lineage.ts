import { createBudget, type Budget } from '../upstream/budget.ts';
import type { UpstreamFailure } from '../upstream/upstream-failure.ts';
import { lookUp, type LookUpDependencies } from './look-up.ts';
import type { LinkedArtifact } from './outcome.repository.ts';
import type { Outcome } from './outcome.ts';
import { REPAIR } from './policy.ts';
import type { DueLookups } from './subject.repository.ts';
import type { Subject } from './subject.ts';

export interface RepairDependencies extends LookUpDependencies {
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export interface RepairOptions {
  /**
   * What is due by its own memory (cron), or everything not checked since an instant (asked for).
   */
  readonly due: DueLookups;
  /** Executions and runs at most. */
  readonly limit: number;
}

export interface RepairReport {
  /** Executions, and runs without experiment, that were looked up. */
  readonly checked: number;
  readonly linked: readonly LinkedArtifact[];
  /** Nothing was left to look up; false: `end` says what stopped it. */
  readonly isFinished: boolean;
  /** `finished`, or what stopped it before: the limit, the time, the calls or MLflow. */
  readonly end: 'finished' | 'limit' | 'time' | 'calls' | 'mlflow';
  /** Why it ended early, for people. */
  readonly reason: string | null;
}

const BATCH_SIZE = 50;
/** One batch may not use up the whole time of a long repair. */
const BATCH_LASTS_MS = 15_000;

/**
 * Walks what is not linked, batch by batch, longest unchecked first. Each batch is written before
 * the next is looked up, so it can be interrupted anywhere; two at once look some things up twice
 * and write the same.
 */
export async function repairLineage(
  deps: RepairDependencies,
  options: RepairOptions,
): Promise<RepairReport> {
  const { subjects, log, now } = deps;
  const budget = createBudget(REPAIR.budget, now);
  const executions = await subjects.dueExecutions(options.limit, options.due);
  const room = options.limit - executions.length;
  const runs = room === 0 ? [] : await subjects.dueRuns(room, options.due);
  const total = executions.length + runs.length;
  const linked: LinkedArtifact[] = [];
  let checked = 0;
  let failure: UpstreamFailure | null = null;
  for (const batch of [...batchesOf(executions), ...batchesOf(runs)]) {
    if (failure !== null || budget.usedUp() !== null) break;
    const looked = await lookUpBatch(deps, batch, budget.within(BATCH_LASTS_MS));
    checked += countChecked(looked.outcomes.values());
    failure = looked.failure;
    for (const { id, runId, experimentId } of looked.linked) {
      const fields = { artifact_id: id, run_id: runId, experiment_id: experimentId };
      log.info('lineage.repaired', fields);
    }
    linked.push(...looked.linked);
  }
  const { end, reason } = endOf({ failure, checked, total, limit: options.limit }, budget);
  const isFinished = end === 'finished';
  const fields = { checked, linked: linked.length, finished: isFinished, reason };
  log.info('lineage.repair_ended', fields);
  return { checked, linked, isFinished, end, reason };
}

/** Those that are not left for another time. */
export function countChecked(outcomes: Iterable<Outcome>): number {
  return [...outcomes].filter(({ kind }) => kind !== 'left').length;
}

/**
 * How a repair ended that has checked so many of the `total` that were there; as many as the
 * `limit` allows may not have been all.
 */
export function endOf(
  looked: {
    readonly failure: Pick<UpstreamFailure, 'message'> | null;
    readonly checked: number;
    readonly total: number;
    readonly limit: number;
  },
  budget: Pick<Budget, 'usedUp'>,
): Pick<RepairReport, 'end' | 'reason'> {
  if (looked.failure !== null) return { end: 'mlflow', reason: looked.failure.message };
  const { checked, total, limit } = looked;
  if (checked >= total) return { end: total < limit ? 'finished' : 'limit', reason: null };
  return budget.usedUp() === 'calls'
    ? { end: 'calls', reason: 'The calls of one repair are used up; ask again to go on.' }
    : { end: 'time', reason: 'The time of one repair is used up; ask again to go on.' };
}

function lookUpBatch(deps: RepairDependencies, batch: readonly Subject[], budget: Budget) {
  return lookUp(deps, {
    subjects: batch,
    policy: REPAIR,
    budget,
    termsOf: () => ({ isDue: true, isCounted: false }),
    ids: [],
  });
}

function batchesOf<T>(all: readonly T[]): T[][] {
  const count = Math.ceil(all.length / BATCH_SIZE);
  return Array.from({ length: count }, (_, i) => all.slice(i * BATCH_SIZE, (i + 1) * BATCH_SIZE));
}
