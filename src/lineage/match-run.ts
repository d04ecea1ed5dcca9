import type { MlflowRun } from '../mlflow/mlflow.schema.ts';
import { isSameKind, parseExecutionId, type ExecutionId } from './execution-id.ts';
import { RUN_SHAPES, type RunShape } from './lineage-lookup.table.ts';
import type { ExecutionSubject } from './subject.ts';

/** What of an execution a run must agree with. */
type MatchedSubject = Pick<ExecutionSubject, 'id' | 'workflowId' | 'workflows'>;

export interface RunMatch {
  readonly run: MlflowRun;
  readonly shape: RunShape;
  /**
   * 2: the same id, or the same instant; 1: a run id and an instant, which Airflow 3 lets differ.
   */
  readonly rank: 1 | 2;
  /** The run itself names the artifact's workflow. */
  readonly namesWorkflow: boolean;
}

/** MLflow's name of the field that a shape is read from. */
export const SHAPE_FIELD: Readonly<Record<RunShape, string>> = {
  execution_id: 'tags.execution_id',
  airflow_run_id: 'tags.airflow_run_id',
  execution_date_tag: 'tags.execution_date',
  execution_date_param: 'params.execution_date',
};

/** Workflows that a run says it belongs to. */
export function workflowsOf({ tags }: MlflowRun): string[] {
  return [tags.get('workflow_id'), tags.get('airflow_dag_id')].filter(
    (name) => name !== undefined && name !== '',
  ) as string[];
}

/**
 * Whether a run belongs to an execution, judged by all that the run says of itself, whatever the
 * search was for. A run of another workflow, or with an id of another execution, is refused even
 * when a second tag would fit.
 */
export function matchRun(subject: MatchedSubject, run: MlflowRun): RunMatch | null {
  if (!run.isActive) return null;
  const named = workflowsOf(run);
  // Several workflows may share a DAG, so a DAG's name says nothing where a workflow's differs.
  const own = run.tags.get('workflow_id') ?? '';
  if (own !== '' && subject.workflowId !== null && !subject.workflows.includes(own)) return null;
  const namesWorkflow = named.some((name) => subject.workflows.includes(name));
  if (named.length > 0 && subject.workflows.length > 0 && !namesWorkflow) return null;

  const said = idsOf(run);
  for (const { shape, id } of said) {
    const verdict = compareIds(id, subject.id);
    if (verdict === 'same') return { run, shape, rank: 2, namesWorkflow };
    if (verdict === 'other') return null;
  }
  const near = said.find(({ id }) => id.instant !== null && id.instant === subject.id.instant);
  return near === undefined ? null : { run, shape: near.shape, rank: 1, namesWorkflow };
}

/** The runs that belong to an execution. */
export function matchesAmong(subject: MatchedSubject, runs: readonly MlflowRun[]): RunMatch[] {
  return runs.flatMap((run) => matchRun(subject, run) ?? []);
}

/** Every way to ask for a workflow's runs, its usual ones first. */
export function orderedShapes(usualShapes: readonly RunShape[]): RunShape[] {
  return [...new Set([...usualShapes, ...RUN_SHAPES])];
}

/** Every execution id that a run carries, with where it stands. */
export function idsOf(run: MlflowRun): { readonly shape: RunShape; readonly id: ExecutionId }[] {
  return RUN_SHAPES.flatMap((shape) => {
    const text = valueOf(run, shape);
    return text === undefined || text === '' ? [] : [{ shape, id: parseExecutionId(text) }];
  });
}

/** `unclear`: an id of another kind (an instant and a run id), or a text that is neither. */
function compareIds(a: ExecutionId, b: ExecutionId): 'same' | 'other' | 'unclear' {
  if (a.text === b.text) return 'same';
  if ((a.runType === null) !== (b.runType === null)) return 'unclear';
  if (a.instant === null || b.instant === null) return a.runType === null ? 'unclear' : 'other';
  return a.instant === b.instant && isSameKind(a, b) ? 'same' : 'other';
}

function valueOf({ tags, params }: MlflowRun, shape: RunShape): string | undefined {
  if (shape === 'execution_date_param') return params.get('execution_date');
  return tags.get(shape === 'execution_date_tag' ? 'execution_date' : shape);
}

/**
 * The run of an execution among those that match: runs that name the workflow before those that
 * name none (every workflow has a run at midnight), ids before instants, FINISHED or RUNNING before
 * FAILED or KILLED, then the newest.
 */
export function chooseRun(matches: readonly RunMatch[]): RunMatch | null {
  const [best] = matches.toSorted(
    (a, b) =>
      Number(b.namesWorkflow) - Number(a.namesWorkflow) ||
      b.rank - a.rank ||
      Number(isGood(b.run)) - Number(isGood(a.run)) ||
      b.run.startTimeMs - a.run.startTimeMs ||
      (a.run.runId < b.run.runId ? -1 : 1),
  );
  return best ?? null;
}

/**
 * Nothing that is tagged in another way is expected to come before it: it names the workflow, is
 * well, and names the execution, or at least its instant in the way that is usual for the workflow.
 */
export function isSettled(
  { run, rank, shape, namesWorkflow }: RunMatch,
  usualShapes: readonly RunShape[],
): boolean {
  return namesWorkflow && isGood(run) && (rank === 2 || shape === usualShapes[0]);
}

/** A run that ended well, or has not ended. */
function isGood({ status }: MlflowRun): boolean {
  return status === 'FINISHED' || status === 'RUNNING';
}
