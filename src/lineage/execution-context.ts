import { executionForms, isSameKind, parseExecutionId } from './execution-id.ts';
import type { RunShape } from './lineage-lookup.table.ts';
import type { ExecutionSubject } from './subject.ts';

/** Rows of one execution that share a run, or have none. */
export interface SiblingRow {
  /** workflow_id, else dag_id, else ''. */
  readonly workflow: string;
  readonly executionId: string;
  readonly runId: string | null;
  readonly experimentId: string | null;
}

/** What our own rows tell of an execution. */
export interface ExecutionContext {
  /** The execution's own rows, in every form in which its id is written. */
  readonly siblings: readonly SiblingRow[];
  /** Other workflows that have artifacts of the same instant. */
  readonly otherWorkflows: readonly string[];
  /** Shapes by which runs of its workflow were recognised so far, the most frequent first. */
  readonly usualShapes: readonly RunShape[];
}

/** `rows`: everything stored under the forms of the execution's id, of any workflow. */
export function contextOf(
  { id, workflow, workflows }: ExecutionSubject,
  rows: readonly SiblingRow[],
  usualShapes: readonly RunShape[],
): ExecutionContext {
  const forms = new Set(executionForms(id.text));
  const ofInstant = rows.filter((row) => forms.has(row.executionId));
  const own = new Set([workflow, '', ...workflows]);
  const names = new Set(ofInstant.map((row) => row.workflow));
  return {
    siblings: ofInstant.filter(
      (row) => row.workflow === workflow && isSameKind(parseExecutionId(row.executionId), id),
    ),
    otherWorkflows: [...names].filter((name) => !own.has(name)),
    usualShapes,
  };
}

/** The run that rows of the execution agree on; `experimentId` is null where they do not say it. */
export function siblingRun({
  siblings,
}: Pick<ExecutionContext, 'siblings'>): { runId: string; experimentId: string | null } | null {
  const runIds = new Set(siblings.flatMap(({ runId }) => runId ?? []));
  const [runId] = runIds;
  if (runIds.size !== 1 || runId === undefined) return null;
  const experiments = new Set(siblings.flatMap(({ experimentId }) => experimentId ?? []));
  const linked = siblings.find((row) => row.runId !== null && row.experimentId !== null);
  return { runId, experimentId: experiments.size > 1 ? null : (linked?.experimentId ?? null) };
}
