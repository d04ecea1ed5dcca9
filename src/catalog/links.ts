import type { Links } from '../artifact/artifact.schema.ts';
import type { ArtifactRow } from '../artifact/artifact.table.ts';

/** Where people look at runs; null: no links there. Bases carry no trailing slash. */
export interface LinkBases {
  readonly mlflow: { readonly uiUrl: string | null; readonly workspace: string | null };
  readonly airflow: { readonly uiUrl: string | null; readonly majorVersion: 2 | 3 };
}

/**
 * An Airflow run; its id is known from the artifact's execution_id or from the MLflow run's tags.
 */
export interface AirflowRun {
  readonly dagId: string;
  readonly runId: string;
}

type LinkedColumns = Pick<
  ArtifactRow,
  'id' | 'type' | 'run_id' | 'experiment_id' | 'workflow_id' | 'execution_id' | 'task_id'
>;

/**
 * Every place that has more about this artifact. `origin` is the API's own, as the caller reached
 * it.
 */
export function artifactLinks(
  row: LinkedColumns,
  airflowRun: AirflowRun | null,
  origin: string,
  bases: LinkBases,
): Links {
  const self = `${origin}/api/artifacts/${row.id}`;
  return {
    self,
    image: row.type === 'chart' ? `${self}/image` : null,
    execution: executionLink(row, origin),
    ...runLinks(row, bases),
    airflow_run: airflowRun === null ? null : airflowRunLink(airflowRun, bases.airflow),
    airflow_task:
      airflowRun === null ? null : airflowTaskLink(airflowRun, row.task_id, bases.airflow),
  };
}

/** An empty workflow_id asks for the execution that names none. */
export function executionLink(
  row: { readonly workflow_id: string | null; readonly execution_id: string | null },
  origin: string,
): string | null {
  // A path ends in no dots: every client resolves them away.
  if (isAbsent(row.execution_id) || /^\.\.?$/.test(row.execution_id)) return null;
  const path = `${origin}/api/executions/${encodeURIComponent(row.execution_id)}`;
  return `${path}?workflow_id=${encodeURIComponent(row.workflow_id ?? '')}`;
}

/** MLflow's pages: `{ui}/#/experiments/{id}/runs/{id}`, the workspace after it. */
export function runLinks(
  { run_id, experiment_id }: Pick<ArtifactRow, 'run_id' | 'experiment_id'>,
  { mlflow }: LinkBases,
): Pick<Links, 'mlflow_run' | 'mlflow_experiment'> {
  if (mlflow.uiUrl === null || isAbsent(experiment_id))
    return { mlflow_run: null, mlflow_experiment: null };
  const workspace =
    mlflow.workspace === null ? '' : `?workspace=${encodeURIComponent(mlflow.workspace)}`;
  const experiment = `${mlflow.uiUrl}/#/experiments/${encodeURIComponent(experiment_id)}`;
  const run = isAbsent(run_id)
    ? null
    : `${experiment}/runs/${encodeURIComponent(run_id)}${workspace}`;
  return { mlflow_run: run, mlflow_experiment: `${experiment}${workspace}` };
}

export function airflowRunLink(
  { dagId, runId }: AirflowRun,
  airflow: LinkBases['airflow'],
): string | null {
  if (airflow.uiUrl === null) return null;
  const dag = `${airflow.uiUrl}/dags/${encodeURIComponent(dagId)}`;
  return airflow.majorVersion === 3
    ? `${dag}/runs/${encodeURIComponent(runId)}`
    : `${dag}/grid?dag_run_id=${encodeURIComponent(runId)}`;
}

function airflowTaskLink(
  run: AirflowRun,
  taskId: string | null,
  airflow: LinkBases['airflow'],
): string | null {
  const link = airflowRunLink(run, airflow);
  if (link === null || isAbsent(taskId)) return null;
  return airflow.majorVersion === 3
    ? `${link}/tasks/${encodeURIComponent(taskId)}`
    : `${link}&task_id=${encodeURIComponent(taskId)}`;
}

function isAbsent(text: string | null): text is null {
  return text === null || text === '';
}
