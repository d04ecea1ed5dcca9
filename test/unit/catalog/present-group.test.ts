import { describe, expect, it } from 'vitest';
import type { LinkBases } from '../../../src/catalog/links.ts';
import { presentGroup } from '../../../src/catalog/present-group.ts';
import { hydratedArtifact, rememberedLookup } from '../../support/artifact-row.ts';

const bases: LinkBases = {
  mlflow: { uiUrl: 'https://ml.example.com', workspace: null },
  airflow: { uiUrl: 'https://air.example.com', majorVersion: 3 },
};
const facts = {
  workflowId: 'daily',
  executionId: '2025-11-15 13:54:31+00:00',
  firstAt: '2025-11-15 13:00:00+00',
  lastAt: '2025-11-15 14:00:00+00',
  counts: { chart: 1, llm: 2 },
  symbols: ['AAPL'],
};
type Status = Parameters<typeof hydratedArtifact>[1];

describe('presentGroup', () => {
  it.each<[string, Status[], Status]>([
    [
      'a linked member speaks for all',
      ['unresolved', 'pending', 'unavailable', 'linked'],
      'linked',
    ],
    ['MLflow that failed before what is only pending', ['pending', 'unavailable'], 'unavailable'],
    ['what may still change before what may not', ['unresolved', 'pending'], 'pending'],
    ['all unresolved', ['unresolved', 'unresolved'], 'unresolved'],
  ])('%s', (_, statuses, told) => {
    const members = statuses.map((status, id) =>
      hydratedArtifact({ id, run_id: status === 'linked' ? 'run' : null }, status),
    );
    const group = presentGroup(facts, members, [], 'https://api.example.com', bases);
    expect(group.lineage.status).toBe(told);
    expect(group.run_id).toBe(told === 'linked' ? 'run' : null);
  });

  it('takes DAG and Airflow run from the first that knows them, and run links from who is told', () => {
    const members = [
      hydratedArtifact({ id: 1, dag_id: '' }, 'pending'),
      hydratedArtifact(
        { id: 2, dag_id: 'd' },
        'pending',
        rememberedLookup({ airflow_run_id: 'run 1' }),
      ),
      hydratedArtifact({ id: 3, dag_id: 'e', run_id: 'r', experiment_id: '7' }, 'linked'),
    ];
    const group = presentGroup(facts, members, [], 'https://api.example.com', bases);
    expect(group).toMatchObject({
      dag_id: 'd',
      run_id: 'r',
      experiment_id: '7',
      first_at: '2025-11-15T13:00:00+00:00',
      last_at: '2025-11-15T14:00:00+00:00',
      links: {
        execution:
          'https://api.example.com/api/executions/2025-11-15%2013%3A54%3A31%2B00%3A00?workflow_id=daily',
        mlflow_run: 'https://ml.example.com/#/experiments/7/runs/r',
        airflow_run: 'https://air.example.com/dags/d/runs/run%201',
      },
    });
  });

  it('says of artifacts without execution that they are no one run', () => {
    const members = [hydratedArtifact({ run_id: 'r', experiment_id: '7', dag_id: 'd' }, 'linked')];
    const group = presentGroup({ ...facts, executionId: null }, members, [], '', bases);
    expect(group).toMatchObject({
      execution_id: null,
      dag_id: null,
      run_id: null,
      experiment_id: null,
      lineage: { status: 'unresolved', source: null },
      links: { execution: null, mlflow_run: null, airflow_run: null },
    });
    expect(group.lineage.reason).toContain('each has a lineage of its own');
  });
});
