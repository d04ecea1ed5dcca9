import { describe, expect, it } from 'vitest';
import { artifactLinks, type LinkBases } from '../../../src/catalog/links.ts';

const row = {
  id: 24,
  type: 'chart',
  run_id: 'abc',
  experiment_id: '7',
  workflow_id: 'a/b c',
  execution_id: 'manual__2025-11-15T13:54:31+00:00',
  task_id: 'draw charts',
};
const airflowRun = { dagId: 'dag/1', runId: 'manual__2025-11-15T13:54:31+00:00' };
const bases = (majorVersion: 2 | 3, workspace: string | null = null): LinkBases => ({
  mlflow: { uiUrl: 'https://ml.example.com/team', workspace },
  airflow: { uiUrl: 'https://air.example.com/x', majorVersion },
});

describe('artifactLinks', () => {
  it('encodes everything, for Airflow 3', () => {
    expect(artifactLinks(row, airflowRun, 'https://api.example.com', bases(3))).toEqual({
      self: 'https://api.example.com/api/artifacts/24',
      image: 'https://api.example.com/api/artifacts/24/image',
      execution:
        'https://api.example.com/api/executions/manual__2025-11-15T13%3A54%3A31%2B00%3A00?workflow_id=a%2Fb%20c',
      mlflow_run: 'https://ml.example.com/team/#/experiments/7/runs/abc',
      mlflow_experiment: 'https://ml.example.com/team/#/experiments/7',
      airflow_run:
        'https://air.example.com/x/dags/dag%2F1/runs/manual__2025-11-15T13%3A54%3A31%2B00%3A00',
      airflow_task:
        'https://air.example.com/x/dags/dag%2F1/runs/manual__2025-11-15T13%3A54%3A31%2B00%3A00/tasks/draw%20charts',
    });
  });

  it('knows the pages of Airflow 2, and MLflow workspaces', () => {
    expect(artifactLinks(row, airflowRun, '', bases(2, 'team a'))).toMatchObject({
      mlflow_run: 'https://ml.example.com/team/#/experiments/7/runs/abc?workspace=team%20a',
      airflow_run:
        'https://air.example.com/x/dags/dag%2F1/grid?dag_run_id=manual__2025-11-15T13%3A54%3A31%2B00%3A00',
      airflow_task:
        'https://air.example.com/x/dags/dag%2F1/grid?dag_run_id=manual__2025-11-15T13%3A54%3A31%2B00%3A00&task_id=draw%20charts',
    });
  });

  it('gives null for what is not known', () => {
    const nowhere: LinkBases = {
      mlflow: { uiUrl: null, workspace: null },
      airflow: { uiUrl: null, majorVersion: 3 },
    };
    const none = {
      execution: null,
      mlflow_run: null,
      mlflow_experiment: null,
      airflow_run: null,
      airflow_task: null,
    };
    expect(artifactLinks({ ...row, execution_id: null }, airflowRun, '', nowhere)).toMatchObject(
      none,
    );
    expect(
      artifactLinks(
        { ...row, type: 'llm', experiment_id: null, execution_id: '' },
        null,
        '',
        bases(3),
      ),
    ).toMatchObject({
      ...none,
      image: null,
    });
    expect(artifactLinks({ ...row, run_id: null }, null, '', bases(3))).toMatchObject({
      mlflow_run: null,
      mlflow_experiment: 'https://ml.example.com/team/#/experiments/7',
    });
    // An execution without a workflow is asked for as such: another workflow may have the same id.
    expect(
      artifactLinks({ ...row, workflow_id: null, execution_id: 'x' }, null, '', bases(3)).execution,
    ).toBe('/api/executions/x?workflow_id=');
    expect(
      artifactLinks({ ...row, task_id: null }, airflowRun, '', bases(3)).airflow_task,
    ).toBeNull();
  });
});
