import { describe, expect, it } from 'vitest';
import {
  airflowRunLink,
  artifactLinks,
  executionLink,
  runLinks,
  type LinkBases,
} from '../../../src/catalog/links.ts';

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

describe('executionLink', () => {
  it.each([
    [{ workflow_id: null, execution_id: 'e' }, '/api/executions/e?workflow_id='],
    [{ workflow_id: 'a&b', execution_id: 'a/b' }, '/api/executions/a%2Fb?workflow_id=a%26b'],
    [{ workflow_id: 'w', execution_id: null }, null],
    [{ workflow_id: 'w', execution_id: '' }, null],
    // Every client resolves these away.
    [{ workflow_id: 'w', execution_id: '.' }, null],
    [{ workflow_id: 'w', execution_id: '..' }, null],
    [{ workflow_id: 'w', execution_id: '...' }, '/api/executions/...?workflow_id=w'],
  ])('%j', (row, link) => {
    expect(executionLink(row, '')).toBe(link);
  });
});

describe('runLinks and airflowRunLink', () => {
  it.each([
    [{ run_id: 'r', experiment_id: null }, null, null],
    [{ run_id: 'r', experiment_id: '' }, null, null],
    [{ run_id: '', experiment_id: '7' }, null, '/#/experiments/7'],
  ])('a run is shown under its experiment only: %j', (row, run, experiment) => {
    const links = runLinks(row, bases(3));
    const at = (path: string | null) => path && `https://ml.example.com/team${path}`;
    expect(links).toEqual({ mlflow_run: at(run), mlflow_experiment: at(experiment) });
  });

  it('lead nowhere without the address of a UI', () => {
    const nowhere = { uiUrl: null, workspace: null };
    expect(runLinks(row, { ...bases(3), mlflow: nowhere })).toEqual({
      mlflow_run: null,
      mlflow_experiment: null,
    });
    expect(airflowRunLink(airflowRun, { uiUrl: null, majorVersion: 3 })).toBeNull();
  });
});
