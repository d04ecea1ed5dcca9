import type { RunShape } from './lineage-lookup.table.ts';
import { factsOf } from './complete-runs.ts';
import { executionForms, parseExecutionId } from './execution-id.ts';
import type { RunFinding } from './find-run.ts';
import type { FoundRun, Miss } from './lineage.repository.ts';
import { matchRun } from './match-run.ts';
import type { MlflowFailure } from '../mlflow/mlflow-failure.ts';
import type { MlflowRun } from '../mlflow/mlflow.schema.ts';

/** One execution without a run, as its rows name it. */
export interface OpenExecution {
  /** workflow_id, else dag_id, else ''. */
  readonly workflow: string;
  readonly executionId: string;
  readonly workflowId: string | null;
  /** workflow_id and dag_id, as far as there are. */
  readonly workflows: readonly string[];
}

/** What tells executions apart. */
export function keyOf({
  workflow,
  executionId,
}: {
  workflow: string;
  executionId: string | null;
}): string {
  return JSON.stringify([workflow, executionId ?? '']);
}

/** What a look-up gave for one execution. */
export type Resolution =
  | {
      readonly kind: 'linked';
      readonly source: 'sibling' | 'mlflow';
      readonly run: FoundRun;
      /** Rows of the execution that name another experiment, and so did not take the run. */
      readonly conflict: Miss | null;
    }
  /** Somebody else linked its rows meanwhile. */
  | { readonly kind: 'changed' }
  | { readonly kind: 'missed'; readonly miss: Miss }
  /** Nobody was asked: it was not its time, or calls, time or MLflow gave out before its turn. */
  | { readonly kind: 'left' };

const NOT_YET = 'No run of this execution was found in MLflow yet; it is looked for again.';
const NOT_AT_ALL =
  'MLflow has no run of this execution, however often it was looked for; it is still looked for once an hour. Runs of deleted or unreadable experiments do not show.';
const TOO_BUSY =
  'MLflow answers, but not in time for everything that has to be asked; it is asked again.';

export function toResolution(execution: OpenExecution, finding: RunFinding): Resolution {
  if (finding.kind === 'found') {
    const { run, shape } = finding.match;
    return {
      kind: 'linked',
      source: 'mlflow',
      run: toFoundRun(execution, run, shape),
      conflict: null,
    };
  }
  if (finding.kind === 'ambiguous') return unresolved(execution, finding.reason);
  return missed(execution, {
    status: 'pending',
    reason: NOT_YET,
    finalReason: NOT_AT_ALL,
    attempts: 1,
  });
}

/**
 * With every text of the execution that the run stands for as surely as for the one that was looked
 * up.
 */
export function toFoundRun(
  execution: OpenExecution,
  run: MlflowRun,
  shape: RunShape | null,
): FoundRun {
  const { workflowId, workflows, executionId } = execution;
  const isAlso = (text: string) =>
    matchRun({ id: parseExecutionId(text), workflowId, workflows }, run)?.rank === 2;
  return {
    workflow: execution.workflow,
    executionIds: executionForms(executionId).filter(
      (text) => text === executionId || isAlso(text),
    ),
    runId: run.runId,
    experimentId: run.experimentId,
    facts: factsOf(run, shape),
  };
}

type MissFacts = Pick<Miss, 'status' | 'reason' | 'attempts'> & {
  finalReason?: string;
  waitMs?: number;
};

function toMiss({ workflow, executionId: name }: OpenExecution, facts: MissFacts): Miss {
  const { finalReason = facts.reason, waitMs = null } = facts;
  return { ...facts, kind: 'execution', workflow, name, finalReason, waitMs };
}

function missed(execution: OpenExecution, facts: MissFacts): Resolution {
  return { kind: 'missed', miss: toMiss(execution, facts) };
}

/**
 * Asked for together with others, which does not find every way of tagging: no attempt, but not at
 * once again.
 */
/** It was asked for together with others only, so one reader may ask for it alone. */
export function wasOnlySwept({
  attempts,
  reason,
}: {
  attempts: number;
  reason: string | null;
}): boolean {
  return attempts === 0 && reason === NOT_YET;
}

export function swept(execution: OpenExecution): Resolution {
  return missed(execution, {
    status: 'pending',
    reason: NOT_YET,
    finalReason: NOT_AT_ALL,
    attempts: 0,
  });
}

export function tooBusy(execution: OpenExecution): Resolution {
  return missed(execution, { status: 'pending', reason: TOO_BUSY, attempts: 0 });
}

/** What MLflow says of one request it says again, so that counts as a look. */
export function unavailable(
  execution: OpenExecution,
  { message, retryAfterMs, isOfThisRequest }: MlflowFailure,
): Resolution {
  return isOfThisRequest
    ? missed(execution, { status: 'unavailable', reason: message, attempts: 1 })
    : missed(execution, {
        status: 'unavailable',
        reason: message,
        attempts: 0,
        waitMs: retryAfterMs,
      });
}

export function unresolved(execution: OpenExecution, reason: string): Resolution {
  return { kind: 'missed', miss: unresolvedMiss(execution, reason) };
}

export function unresolvedMiss(execution: OpenExecution, reason: string): Miss {
  return toMiss(execution, { status: 'unresolved', reason, attempts: 1 });
}
