import type { MlflowRun } from '../mlflow/mlflow.schema.ts';
import type { UpstreamFailure } from '../upstream/upstream-failure.ts';
import type { RunShape } from './lineage-lookup.table.ts';
import type { LineageStatus } from './lineage-status.ts';
import type { RunMatch } from './match-run.ts';
import type { Subject } from './subject.ts';

/** What MLflow gave for a subject. */
export type Finding =
  /** Every search that was made was read to its end; `usual`: only in the workflow's usual way. */
  | {
      readonly kind: 'matches';
      readonly matches: readonly RunMatch[];
      readonly ways: 'usual' | 'all';
    }
  /** A run that nothing else could come before. */
  | { readonly kind: 'certain'; readonly match: RunMatch }
  /** A run that was asked for by name; null: MLflow does not know it. */
  | { readonly kind: 'named'; readonly run: MlflowRun | null }
  /** Asked for together with others, which does not find every way of tagging. */
  | { readonly kind: 'partial' }
  /** Calls or time were used up on the way. */
  | { readonly kind: 'out_of_budget' }
  /** Nobody was asked. */
  | { readonly kind: 'unasked' }
  | { readonly kind: 'failed'; readonly failure: UpstreamFailure };

/** Why a subject is not linked: a closed list of codes, with the facts of each. */
export type Reason =
  | { readonly code: 'no_run_yet' }
  | { readonly code: 'no_experiment_yet' }
  | { readonly code: 'out_of_budget' }
  | { readonly code: 'unwritable_id' }
  | { readonly code: 'several_workflows_of_dag'; readonly workflows: readonly string[] }
  | { readonly code: 'nameless_run'; readonly workflows: readonly string[] }
  | { readonly code: 'nameless_artifact'; readonly workflows: readonly string[] }
  | { readonly code: 'nameless_artifact_many_runs'; readonly workflows: readonly string[] }
  | { readonly code: 'unknown_sibling_run'; readonly runId: string }
  | { readonly code: 'other_experiment'; readonly runId: string; readonly experimentId: string }
  | { readonly code: 'unknown_run' }
  | { readonly code: 'no_mlflow_id' }
  /** `message` is the failure's own sentence. */
  | { readonly code: 'mlflow_failed'; readonly message: string };

/** A run, and which rows are to name it. */
export interface FoundRun {
  readonly runId: string;
  readonly experimentId: string;
  /** Of the execution: workflow_id, else dag_id, else ''. */
  readonly workflow: string;
  /** The texts under which rows of the execution are stored; none where rows name the run. */
  readonly executionIds: readonly string[];
  /** Null when our own rows said it. */
  readonly facts: RunFacts | null;
}

/** What a run's tags say of its Airflow run, and the shape by which it was recognised. */
export interface RunFacts {
  readonly shape: RunShape | null;
  readonly airflowDagId: string | null;
  readonly airflowRunId: string | null;
}

export interface Missed {
  readonly kind: 'missed';
  readonly reason: Reason;
  /**
   * `all`: in every way that there is. `usual`: in the workflow's usual way. `part`: nobody could
   * be asked, or only for a part, so it counts as no look.
   */
  readonly look: 'all' | 'usual' | 'part';
  /** Milliseconds until the next look; null: doubling from five seconds to an hour. */
  readonly waitMs: number | null;
}

/** What is to be remembered of a subject that was looked for in vain. */
export interface MissedSubject {
  readonly subject: Subject;
  readonly missed: Missed;
}

/** What became of a subject. */
export type Outcome =
  | {
      readonly kind: 'linked';
      readonly source: 'sibling' | 'mlflow';
      readonly run: FoundRun;
      /** Rows of the execution that name another experiment, and so did not take the run. */
      readonly conflict: Missed | null;
    }
  /** Somebody else linked its rows meanwhile. */
  | { readonly kind: 'changed' }
  | Missed
  /** Nobody was asked: it was not its time, or calls, time or MLflow gave out before its turn. */
  | { readonly kind: 'left' };

const STATUS: Readonly<Record<Reason['code'], Exclude<LineageStatus, 'linked'>>> = {
  no_run_yet: 'pending',
  no_experiment_yet: 'pending',
  out_of_budget: 'pending',
  unwritable_id: 'unresolved',
  several_workflows_of_dag: 'unresolved',
  nameless_run: 'unresolved',
  nameless_artifact: 'unresolved',
  nameless_artifact_many_runs: 'unresolved',
  unknown_sibling_run: 'unresolved',
  other_experiment: 'unresolved',
  unknown_run: 'unresolved',
  no_mlflow_id: 'unresolved',
  mlflow_failed: 'unavailable',
};

/** What an artifact says of itself for such a reason. */
export function statusOf({ code }: Reason): Exclude<LineageStatus, 'linked'> {
  return STATUS[code];
}

/** A look that linked nothing. */
export function missed(reason: Reason, look: Missed['look'] = 'all', waitMs: number | null = null) {
  return { kind: 'missed', reason, look, waitMs } as const;
}

/** What MLflow says of one request it says again, so that counts as a look. */
export function failed({ message, retryAfterMs, isOfThisRequest }: UpstreamFailure): Missed {
  const reason = { code: 'mlflow_failed', message } as const;
  return isOfThisRequest ? missed(reason) : missed(reason, 'part', retryAfterMs);
}

/** How an outcome is counted. */
export function outcomeLabel(outcome: Outcome) {
  switch (outcome.kind) {
    case 'linked':
      return outcome.source === 'sibling' ? 'sibling' : 'linked';
    case 'missed':
      return statusOf(outcome.reason);
    case 'changed':
    case 'left':
      return outcome.kind;
  }
}
