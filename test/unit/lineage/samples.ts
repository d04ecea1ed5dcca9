import type { ExecutionContext } from '../../../src/lineage/execution-context.ts';
import { parseExecutionId } from '../../../src/lineage/execution-id.ts';
import type { Reason } from '../../../src/lineage/outcome.ts';
import type { ExecutionSubject } from '../../../src/lineage/subject.ts';
import type { MlflowRun } from '../../../src/mlflow/mlflow.schema.ts';

export const DATE = '2025-11-15 13:54:31+00:00';

/** The first workflow is its workflow_id. */
export function execution(text: string, ...workflows: string[]): ExecutionSubject {
  return {
    kind: 'execution',
    id: parseExecutionId(text),
    workflow: workflows[0] ?? '',
    workflowId: workflows[0] ?? null,
    workflows,
  };
}

/** One row of the execution, which names no run. */
export function contextFor(
  { id, workflow }: ExecutionSubject,
  more: Partial<ExecutionContext> = {},
): ExecutionContext {
  const own = { workflow, executionId: id.text, runId: null, experimentId: null };
  return { siblings: [own], otherWorkflows: [], usualShapes: [], ...more };
}

export function runOf(tags: Record<string, string>, more: Partial<MlflowRun> = {}): MlflowRun {
  return {
    runId: 'run-1',
    experimentId: '7',
    status: 'FINISHED',
    startTimeMs: 1,
    isActive: true,
    tags: new Map(Object.entries(tags)),
    params: new Map(),
    ...more,
  };
}

/** One of every reason that there is. */
export const REASONS: { readonly [Code in Reason['code']]: Reason & { readonly code: Code } } = {
  no_run_yet: { code: 'no_run_yet' },
  no_experiment_yet: { code: 'no_experiment_yet' },
  out_of_budget: { code: 'out_of_budget' },
  unwritable_id: { code: 'unwritable_id' },
  several_workflows_of_dag: { code: 'several_workflows_of_dag', workflows: ['a', 'b'] },
  nameless_run: { code: 'nameless_run', workflows: ['a'] },
  nameless_artifact: { code: 'nameless_artifact', workflows: ['a'] },
  nameless_artifact_many_runs: { code: 'nameless_artifact_many_runs', workflows: ['a', 'b'] },
  unknown_sibling_run: { code: 'unknown_sibling_run', runId: 'r1' },
  other_experiment: { code: 'other_experiment', runId: 'r1', experimentId: '7' },
  unknown_run: { code: 'unknown_run' },
  no_mlflow_id: { code: 'no_mlflow_id' },
  mlflow_failed: { code: 'mlflow_failed', message: 'MLflow cannot answer now (500).' },
};
