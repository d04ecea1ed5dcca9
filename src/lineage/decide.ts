import { MLFLOW_ID, quoted } from '../mlflow/mlflow-filters.ts';
import type { MlflowRun } from '../mlflow/mlflow.schema.ts';
import { siblingRun, type ExecutionContext } from './execution-context.ts';
import { executionForms, parseExecutionId } from './execution-id.ts';
import type { RunShape } from './lineage-lookup.table.ts';
import { chooseRun, matchRun, workflowsOf, type RunMatch } from './match-run.ts';
import { failed, missed, type Finding, type FoundRun, type Outcome } from './outcome.ts';
import type { ExecutionSubject, RunSubject } from './subject.ts';

/**
 * What becomes of an execution, by what our own rows and MLflow tell. `finding` is null while
 * nobody has asked MLflow; the answer is null where that has to be done first.
 */
export function decideExecution(
  subject: ExecutionSubject,
  context: ExecutionContext,
  finding: Finding | null,
): Outcome | null {
  const sibling = siblingRun(context);
  switch (finding?.kind) {
    case undefined:
      if (context.siblings.every(({ runId }) => runId !== null)) return { kind: 'changed' };
      if (sibling !== null && sibling.experimentId !== null)
        return bySibling(subject, context, { ...sibling, experimentId: sibling.experimentId });
      return quoted(subject.id.text) === null ? missed({ code: 'unwritable_id' }) : null;
    case 'matches':
      return judge(subject, context.otherWorkflows, finding.matches, finding.ways);
    case 'certain':
      return byMlflow(subject, finding.match);
    case 'named': {
      const runId = sibling?.runId ?? '';
      if (finding.run?.runId !== runId) return missed({ code: 'unknown_sibling_run', runId });
      const run = toFoundRun(subject, finding.run, null);
      return { kind: 'linked', source: 'sibling', run, conflict: null };
    }
    case 'partial':
      return missed({ code: 'no_run_yet' }, 'part');
    case 'out_of_budget':
      return missed({ code: 'out_of_budget' }, 'part');
    case 'unasked':
      return { kind: 'left' };
    case 'failed':
      return failed(finding.failure);
  }
}

/**
 * What becomes of a run whose experiment our own rows do not know. `finding` as for an execution; a
 * search shows a run or not, `matches` is nothing of it.
 */
export function decideRun(
  { runId }: RunSubject,
  finding: Exclude<Finding, { kind: 'matches' | 'certain' }> | null,
): Outcome | null {
  switch (finding?.kind) {
    case undefined:
      return MLFLOW_ID.test(runId) ? null : missed({ code: 'no_mlflow_id' });
    case 'named': {
      const { run } = finding;
      if (run === null) return missed({ code: 'unknown_run' });
      const { experimentId } = run;
      const found = { runId, experimentId, workflow: '', executionIds: [], facts: factsOf(run) };
      return { kind: 'linked', source: 'mlflow', run: found, conflict: null };
    }
    case 'partial':
      return missed({ code: 'no_experiment_yet' }, 'part');
    case 'out_of_budget':
    case 'unasked':
      return { kind: 'left' };
    case 'failed':
      return failed(finding.failure);
  }
}

/** What becomes of a run whose experiment other rows or look-ups of ours know. */
export function byRows({ runId }: RunSubject, experimentId: string): Outcome {
  const run = { runId, experimentId, workflow: '', executionIds: [], facts: null };
  return { kind: 'linked', source: 'sibling', run, conflict: null };
}

/** The run to link, unless runs of several executions fit equally well; a guess would be wrong. */
export function judge(
  subject: ExecutionSubject,
  otherWorkflows: readonly string[],
  matches: readonly RunMatch[],
  ways: 'usual' | 'all',
): Outcome {
  const match = chooseRun(matches);
  if (match === null) return missed({ code: 'no_run_yet' }, ways);
  const linked = byMlflow(subject, match);
  if (match.namesWorkflow) {
    const owners = new Set(matches.flatMap(({ run }) => run.tags.get('workflow_id') || []));
    if (subject.workflowId !== null || owners.size <= 1) return linked;
    return missed({ code: 'several_workflows_of_dag', workflows: [...owners] });
  }
  if (subject.workflows.length > 0) {
    // The run names no workflow, so only the instant speaks for it.
    if (otherWorkflows.length === 0) return linked;
    return missed({ code: 'nameless_run', workflows: otherWorkflows });
  }
  const named = new Set(workflowsOf(match.run));
  const elsewhere = otherWorkflows.filter((name) => !named.has(name));
  if (elsewhere.length > 0) return missed({ code: 'nameless_artifact', workflows: elsewhere });
  const others = matches.map(({ run }) => workflowsOf(run)).filter((names) => names.length > 0);
  if (others.every((names) => names.some((name) => named.has(name)))) return linked;
  const workflows = [...new Set([...named, ...others.flat()])];
  return missed({ code: 'nameless_artifact_many_runs', workflows });
}

function bySibling(
  { workflow, id }: ExecutionSubject,
  { siblings }: ExecutionContext,
  { runId, experimentId }: { readonly runId: string; readonly experimentId: string },
): Outcome {
  const executionIds = [...new Set([id.text, ...siblings.map(({ executionId }) => executionId)])];
  const run = { runId, experimentId, workflow, executionIds, facts: null };
  return { kind: 'linked', source: 'sibling', run, conflict: null };
}

function byMlflow(subject: ExecutionSubject, { run, shape }: RunMatch): Outcome {
  const found = toFoundRun(subject, run, shape);
  return { kind: 'linked', source: 'mlflow', run: found, conflict: null };
}

/**
 * With every text of the execution that the run stands for as surely as for the one that was looked
 * up.
 */
function toFoundRun(subject: ExecutionSubject, run: MlflowRun, shape: RunShape | null): FoundRun {
  const { text } = subject.id;
  const isSure = (form: string) =>
    matchRun({ ...subject, id: parseExecutionId(form) }, run)?.rank === 2;
  return {
    runId: run.runId,
    experimentId: run.experimentId,
    workflow: subject.workflow,
    executionIds: executionForms(text).filter((form) => form === text || isSure(form)),
    facts: factsOf(run, shape),
  };
}

/** What a run says of its Airflow run, and by which of its tags it was recognised. */
function factsOf({ tags }: MlflowRun, shape: RunShape | null = null) {
  return {
    shape,
    airflowDagId: tags.get('airflow_dag_id') ?? null,
    airflowRunId: tags.get('airflow_run_id') ?? null,
  };
}
