import type { UpstreamFailure } from '../upstream/upstream-failure.ts';
import type { Outcome } from './outcome.ts';
import type { Subject } from './subject.ts';

/** A subject that a reader had to leave, to be looked up behind its answer. */
export interface Leftover {
  readonly subject: Subject;
  /** The reader's look in vain counts already. */
  readonly isCounted: boolean;
}

/**
 * What others go on with behind a reader's answer, of what it was time to ask for; nothing while
 * MLflow fails.
 */
export function leftoversOf(
  looked: {
    readonly outcomes: ReadonlyMap<Subject, Outcome>;
    readonly failure: UpstreamFailure | null;
  },
  isDue: (subject: Subject) => boolean,
): Leftover[] {
  if (looked.failure !== null) return [];
  return [...looked.outcomes].flatMap(([subject, outcome]) => {
    if (!isDue(subject) || !isUnfinished(outcome)) return [];
    return [{ subject, isCounted: outcome.kind === 'missed' && outcome.look !== 'part' }];
  });
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
