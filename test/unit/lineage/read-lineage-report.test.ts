import { describe, expect, it } from 'vitest';
import { readLineageReport } from '../../../src/lineage/read-lineage-report.ts';

const group = (named: object) => ({
  workflow_id: 'w',
  execution_id: 'e',
  run_id: null,
  artifacts: 2,
  status: 'pending' as const,
  reason: null,
  attempts: 0,
  checked_at: null,
  next_check_at: null,
  ...named,
});
const groups = [
  group({}),
  group({ status: 'unresolved', reason: 'MLflow has no run of it.' }),
  group({ status: 'unresolved', execution_id: null }),
];
const probed = {
  ok: false,
  detail: 'MLflow cannot be reached.',
  checkedAt: '2025-11-15T14:00:00Z',
};

function read(mlflowProblem: string | null, findProbe: () => Promise<typeof probed | null>) {
  const counts = { linked: 1, pending: 2, unresolved: 3, unavailable: 0 };
  const report = { counts: async () => counts, unlinked: async () => groups };
  return readLineageReport({ report, findProbe, mlflowProblem }, 10);
}

describe('readLineageReport', () => {
  it('says why each is not linked, and how MLflow was when it was probed', async () => {
    const told = await read(null, async () => probed);
    expect(told.mlflow).toEqual({
      configured: true,
      ok: false,
      detail: probed.detail,
      checked_at: probed.checkedAt,
    });
    expect(told.unlinked.map(({ reason }) => reason)).toEqual([
      'MLflow has not been asked yet.',
      'MLflow has no run of it.',
      'The artifact names no execution_id, so no run can be looked for.',
    ]);
  });

  it('does not tell of a probe where there is no MLflow to ask', async () => {
    const told = await read('MLflow is not configured.', async () => probed);
    expect(told.mlflow).toEqual({
      configured: false,
      ok: null,
      detail: 'MLflow is not configured.',
      checked_at: null,
    });
    expect(told.unlinked.map(({ reason }) => reason)).toEqual([
      'MLflow is not configured.',
      'MLflow is not configured.',
      'The artifact names no execution_id, so no run can be looked for.',
    ]);
  });

  it.each([
    ['nobody has probed', async () => null],
    ['probes cannot be read', () => Promise.reject(new Error('no such table'))],
  ])('answers while %s', async (_, findProbe) => {
    const told = await read(null, findProbe);
    expect(told.mlflow).toMatchObject({ ok: null, detail: 'not probed yet', checked_at: null });
  });
});
