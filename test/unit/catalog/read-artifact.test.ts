import { describe, expect, it } from 'vitest';
import { presentWritten, readArtifact } from '../../../src/catalog/read-artifact.ts';
import type { ArtifactRecord } from '../../../src/lineage/derive-lineage.ts';
import { deriveLineage } from '../../../src/lineage/derive-lineage.ts';
import { artifactRow } from '../../support/artifact-row.ts';

const bases = {
  mlflow: { uiUrl: null, workspace: null },
  airflow: { uiUrl: null, majorVersion: 3 },
} as const;
const known = (record: ArtifactRecord) => ({ record, lineage: deriveLineage(record, null) });

/** Reads give `stored` one after the other; a look-up finds `link`, or nothing. */
function reading(
  stored: readonly Partial<ReturnType<typeof artifactRow>>[],
  link: { run_id: string; experiment_id: string } | null = null,
) {
  const versions = stored.map((row, i) => ({
    row: artifactRow(row),
    lookup: null,
    version: `v${i + 1}`,
  }));
  return {
    records: { find: async () => versions.shift() ?? null, findMany: async () => [] },
    hydration: {
      known,
      one: async (record: ArtifactRecord) =>
        link === null
          ? known(record)
          : {
              record: { ...record, row: { ...record.row, ...link } },
              lineage: {
                ...deriveLineage(record, null),
                status: 'linked',
                source: 'mlflow',
              } as const,
            },
      execution: async () => [],
      many: async () => [],
    },
    bases,
  };
}
const execution = { execution_id: '2025-11-15 13:54:31+00:00' };
const link = { run_id: 'r', experiment_id: '7' };

describe('readArtifact', () => {
  it('reads once where nothing was looked up, and gives that version', async () => {
    expect(await readArtifact(reading([execution]), 1, '')).toMatchObject({
      version: 'v1',
      artifact: { run_id: null, lineage: { status: 'pending' } },
    });
  });

  it('gives the version that the look-up wrote, and says where the run is from', async () => {
    const shown = await readArtifact(reading([execution, { ...execution, ...link }], link), 1, '');
    expect(shown).toMatchObject({
      version: 'v2',
      artifact: { run_id: 'r', lineage: { status: 'linked', source: 'mlflow' } },
    });
  });

  it('shows what is there when somebody else wrote another run meanwhile', async () => {
    const other = { ...execution, run_id: 'other', experiment_id: '8' };
    const shown = await readArtifact(reading([execution, other], link), 1, '');
    expect(shown).toMatchObject({
      version: 'v2',
      artifact: { run_id: 'other', lineage: { status: 'linked', source: 'stored' } },
    });
  });

  it.each([[[]], [[execution]]])('is not found before or after the look-up: %j', async (rows) => {
    await expect(readArtifact(reading(rows, link), 1, '')).rejects.toMatchObject({
      code: 'not_found',
    });
  });
});

describe('presentWritten', () => {
  it('shows a row that was just stored as nobody having looked', () => {
    const shown = presentWritten(reading([])).stored(artifactRow(execution), 'https://a.example');
    expect(shown.lineage).toMatchObject({
      status: 'pending',
      reason: 'MLflow has not been asked yet.',
    });
    expect(shown.links.self).toBe('https://a.example/api/artifacts/1');
  });

  it('shows a row as it is now, without a look-up, or not at all', async () => {
    const present = presentWritten(reading([execution], link));
    expect(await present.current(1, '')).toMatchObject({
      version: 'v1',
      artifact: { run_id: null },
    });
    await expect(present.current(1, '')).rejects.toMatchObject({ code: 'not_found' });
  });
});
