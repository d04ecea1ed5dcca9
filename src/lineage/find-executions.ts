import type { MlflowClient } from '../mlflow/mlflow-client.ts';
import type { Budget } from '../upstream/budget.ts';
import type { UpstreamFailure } from '../upstream/upstream-failure.ts';
import { siblingRun, type ExecutionContext } from './execution-context.ts';
import { findEach, type Findings } from './find-runs.ts';
import type { Finding } from './outcome.ts';
import type { Policy } from './policy.ts';
import type { ExecutionSubject } from './subject.ts';
import { sweepRuns } from './sweep-runs.ts';

/** Searches for all together, and a look-up of its own for what they leave, as the policy says. */
export async function findExecutions(
  mlflow: MlflowClient,
  executions: ReadonlyMap<ExecutionSubject, ExecutionContext>,
  { sweep, alone }: Policy,
  budget: Budget,
): Promise<Findings<ExecutionSubject>> {
  const findings = new Map<ExecutionSubject, Finding>();
  const add = (more: ReadonlyMap<ExecutionSubject, Finding>) => {
    for (const [subject, finding] of more) findings.set(subject, finding);
  };
  const rest = () => new Map([...executions].filter(([subject]) => !findings.has(subject)));
  // A run that siblings name is asked for by name.
  const nameless = new Map([...executions].filter(([, context]) => siblingRun(context) === null));
  let failure: UpstreamFailure | null = null;
  if (sweep !== null && nameless.size >= sweep.executionsMin) {
    const swept = await sweepRuns(mlflow, nameless, budget, sweep);
    add(swept.findings);
    failure = endingFailure(swept.failure, alone);
  }
  if (alone !== null && failure === null) {
    const each = await findEach(mlflow, rest(), alone, budget);
    add(each.findings);
    failure = each.failure;
  }
  for (const [subject] of rest()) findings.set(subject, unfound(nameless.has(subject), failure));
  return { findings, failure };
}

/** A failure of a search for many that ends the look-up, or null. */
export function endingFailure(
  failure: UpstreamFailure | null,
  alone: Policy['alone'],
): UpstreamFailure | null {
  // What MLflow would not take for all together, it may take one by one.
  return alone !== null && failure?.isOfThisRequest === true ? null : failure;
}

/**
 * The finding of an execution that was not decided. `isSearched`: searches for many were made for it;
 * a run that siblings name is asked for by name alone.
 */
export function unfound(isSearched: boolean, failure: UpstreamFailure | null): Finding {
  if (failure !== null) return { kind: 'failed', failure };
  return { kind: isSearched ? 'partial' : 'unasked' };
}
