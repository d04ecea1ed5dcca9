import { describe, expect, it } from 'vitest';
import type { LinkBases } from '../../../src/catalog/links.ts';
import { airflowRunOf, presentArtifact } from '../../../src/catalog/present-artifact.ts';
import { artifactRow, hydratedArtifact, rememberedLookup } from '../../support/artifact-row.ts';

const RUN = 'manual__2025-11-15T13:54:31+00:00';
const bases: LinkBases = {
  mlflow: { uiUrl: 'https://ml.example.com', workspace: null },
  airflow: { uiUrl: 'https://air.example.com', majorVersion: 3 },
};

describe('airflowRunOf', () => {
  const instant = '2025-11-15 13:54:31+00:00';
  it.each([
    [
      'the row names DAG and run',
      { dag_id: 'd', execution_id: RUN },
      {},
      { dagId: 'd', runId: RUN },
    ],
    [
      'the run is told by the tags',
      { dag_id: 'd', execution_id: instant },
      { airflow_run_id: RUN },
      { dagId: 'd', runId: RUN },
    ],
    [
      'DAG and run are told by the tags',
      { execution_id: instant },
      { airflow_dag_id: 't', airflow_run_id: RUN },
      { dagId: 't', runId: RUN },
    ],
    [
      'the row goes before the tags',
      { dag_id: 'd', execution_id: RUN },
      { airflow_dag_id: 't', airflow_run_id: 'x' },
      { dagId: 'd', runId: RUN },
    ],
    ['an instant alone names no run', { dag_id: 'd', execution_id: instant }, {}, null],
    ['a run without a DAG', { execution_id: RUN }, {}, null],
    ['empty tags', { dag_id: 'd', execution_id: instant }, { airflow_run_id: '' }, null],
    ['an empty DAG', { execution_id: RUN }, { airflow_dag_id: '' }, null],
    ['nothing at all', {}, {}, null],
  ])('%s', (_, row, lookup, run) => {
    expect(airflowRunOf({ row: artifactRow(row), lookup: rememberedLookup(lookup) })).toEqual(run);
  });

  it('asks nothing of a look-up that is not there', () => {
    expect(airflowRunOf({ row: artifactRow({ dag_id: 'd' }), lookup: null })).toBeNull();
  });
});

describe('presentArtifact', () => {
  it('says the row in the words of the wire, with lineage and links', () => {
    const hydrated = hydratedArtifact(
      {
        id: 24,
        type: 'chart',
        confidence: '0.85',
        run_id: 'r',
        experiment_id: '7',
        artifact_metadata: { timeframe: '1d' },
        updated_at: '2025-11-15 14:00:00+00',
      },
      'linked',
    );
    const { links, lineage, ...row } = presentArtifact(hydrated, 'https://api.example.com', bases);
    expect(row).toMatchObject({
      id: 24,
      confidence: 0.85,
      metadata: { timeframe: '1d' },
      created_at: '2025-11-15T13:55:58.123456+00:00',
      updated_at: '2025-11-15T14:00:00+00:00',
    });
    expect(row).not.toHaveProperty('artifact_metadata');
    expect(lineage).toEqual(hydrated.lineage);
    expect(links).toMatchObject({
      self: 'https://api.example.com/api/artifacts/24',
      image: 'https://api.example.com/api/artifacts/24/image',
      mlflow_run: 'https://ml.example.com/#/experiments/7/runs/r',
      airflow_run: null,
    });
  });
});
