import { missed, type FoundRun, type Missed, type MissedSubject, type Outcome } from './outcome.ts';
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

/** On which terms one subject is looked up. */
export interface LookTerms {
  /** It was time to ask. */
  readonly isDue: boolean;
  /** A look in vain counts already; this one only goes on with it. */
  readonly isCounted: boolean;
}

/** The outcome as far as this look may say and remember it; the rest is left. */
export function asRemembered(
  outcome: Outcome,
  { isThorough }: Pick<Policy, 'isThorough'>,
  { isDue, isCounted }: LookTerms,
): Outcome {
  if (outcome.kind !== 'missed') return outcome;
  const isNews = !isCounted || outcome.reason.code !== 'no_run_yet';
  const isWhole = outcome.look !== 'part' || !isThorough;
  return isDue && isNews && isWhole ? outcome : { kind: 'left' };
}

/** What is to be remembered of a subject until it is looked for again, or null. */
export function missedOf(outcome: Outcome): Missed | null {
  if (outcome.kind === 'missed') return outcome;
  return outcome.kind === 'linked' ? outcome.conflict : null;
}

/** What is to be remembered of each that it was time to ask for. */
export function missedAmong(
  outcomes: ReadonlyMap<Subject, Outcome>,
  isDue: (subject: Subject) => boolean,
): MissedSubject[] {
  return [...outcomes].flatMap(([subject, outcome]) => {
    const missed = missedOf(outcome);
    return missed !== null && isDue(subject) ? [{ subject, missed }] : [];
  });
}

/** Runs for the rows of their executions, and runs whose experiment goes to rows without it. */
export interface RunsToWrite {
  readonly links: readonly FoundRun[];
  readonly completions: readonly FoundRun[];
}

/** What our own rows said of a run without experiment was written when they were asked. */
export function runsToWrite(outcomes: ReadonlyMap<Subject, Outcome>): RunsToWrite {
  const links: FoundRun[] = [];
  const completions: FoundRun[] = [];
  for (const [subject, outcome] of outcomes) {
    if (outcome.kind !== 'linked') continue;
    if (subject.kind === 'execution') links.push(outcome.run);
    else if (outcome.source === 'mlflow') completions.push(outcome.run);
  }
  return { links, completions };
}
