import { missed, type Missed, type Outcome } from './outcome.ts';
import type { Policy } from './policy.ts';
import { executionKey, type Subject } from './subject.ts';

/** What the database made of runs that were to be linked. */
export interface WrittenLinks {
  /** Executions of rows that took the run. */
  readonly linked: readonly { readonly workflow: string; readonly executionId: string | null }[];
  /** Executions with rows that name another experiment than the run's, and so stay as they are. */
  readonly conflicts: readonly { readonly workflow: string; readonly executionId: string }[];
}

/** What an outcome has become by being written. */
export function asWritten(
  subject: Subject,
  outcome: Outcome,
  { linked, conflicts }: WrittenLinks,
): Outcome {
  if (subject.kind === 'run' || outcome.kind !== 'linked') return outcome;
  const { workflow, executionIds, runId, experimentId } = outcome.run;
  const own = new Set(executionIds.map((executionId) => executionKey(workflow, executionId)));
  const isAmong = (rows: readonly { workflow: string; executionId: string | null }[]) =>
    rows.some((row) => own.has(executionKey(row.workflow, row.executionId ?? '')));
  const conflict = isAmong(conflicts)
    ? missed({ code: 'other_experiment', runId, experimentId })
    : null;
  if (isAmong(linked)) return { ...outcome, conflict };
  return conflict ?? { kind: 'changed' };
}

/** What is known of one subject of a look-up, beside what it gave. */
export interface LookFacts {
  /** It was time to ask. */
  readonly isDue: boolean;
  /** A look in vain counts already; this one only goes on with it. */
  readonly isCounted: boolean;
}

/** The outcome as far as this look may say and remember it; the rest is left. */
export function asRemembered(
  outcome: Outcome,
  { remembersPartialLooks }: Pick<Policy, 'remembersPartialLooks'>,
  { isDue, isCounted }: LookFacts,
): Outcome {
  if (outcome.kind !== 'missed') return outcome;
  const isNews = !isCounted || outcome.reason.code !== 'no_run_yet';
  const isWhole = outcome.look !== 'part' || remembersPartialLooks;
  return isDue && isNews && isWhole ? outcome : { kind: 'left' };
}

/** What is to be remembered of a subject until it is looked for again, or null. */
export function missOf(outcome: Outcome): Missed | null {
  if (outcome.kind === 'missed') return outcome;
  return outcome.kind === 'linked' ? outcome.conflict : null;
}

/**
 * Whether a reader that had to leave it there lets others go on behind its answer: for what its
 * calls did not reach, and for what was not there in the workflow's usual way.
 */
export function isUnfinished(outcome: Outcome): boolean {
  if (outcome.kind === 'left') return true;
  if (outcome.kind !== 'missed' || outcome.look === 'all') return false;
  return outcome.reason.code === 'no_run_yet' || outcome.reason.code === 'no_experiment_yet';
}
