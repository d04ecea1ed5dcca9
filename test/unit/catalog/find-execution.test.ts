import { describe, expect, it } from 'vitest';
import type { ExecutionRepository } from '../../../src/catalog/execution.repository.ts';
import { findExecution, sharedExecution } from '../../../src/catalog/find-execution.ts';
import { artifactRow, hydratedArtifact } from '../../support/artifact-row.ts';

const bases = {
  mlflow: { uiUrl: null, workspace: null },
  airflow: { uiUrl: null, majorVersion: 3 },
} as const;
const kinds = [
  {
    type: 'llm',
    symbol: null,
    n: 1,
    firstAt: '2025-11-15 13:00:00+00',
    lastAt: '2025-11-15 13:00:00+00',
  },
];

/** The rows that a database would give, and what it was asked for. */
function asked(rows: Partial<ReturnType<typeof artifactRow>>[], workflowIds: (string | null)[]) {
  const requests: Parameters<ExecutionRepository['find']>[0][] = [];
  const records = rows.map((row) => ({ row: artifactRow(row), lookup: null }));
  const hydrate = async (some: readonly { row: ReturnType<typeof artifactRow> }[]) =>
    some.map(({ row }) => hydratedArtifact(row, 'pending'));
  const find = (executionId: string, query: Parameters<typeof findExecution>[2] = {}) =>
    findExecution(
      {
        executions: {
          find: async (request) => {
            requests.push(request);
            return { records, workflowIds, kinds };
          },
        },
        hydration: {
          known: (record) => ({ record, lineage: hydratedArtifact({}, 'pending').lineage }),
          one: async () => hydratedArtifact({}, 'pending'),
          execution: hydrate,
          many: hydrate,
        },
        bases,
      },
      executionId,
      query,
      '',
    );
  return { find, requests };
}

describe('findExecution', () => {
  const stored = '2025-11-15 13:54:31+00:00';

  it('is found by any way to write its instant, and called as its rows call it', async () => {
    const { find, requests } = asked([{ execution_id: stored, workflow_id: 'w' }], ['w']);
    const found = await find('2025-11-15T13:54:31Z', { workflow_id: 'w' });
    expect(found).toMatchObject({ execution_id: stored, workflow_id: 'w', counts: { llm: 1 } });
    expect(requests[0]?.executionIds).toContain(stored);
  });

  it('keeps the spelling that was asked for where a row has it', async () => {
    const other = 'manual__2025-11-15T13:54:31+00:00';
    const rows = [
      { id: 2, execution_id: stored },
      { id: 1, execution_id: other },
    ];
    const { find } = asked(rows, [null]);
    const found = await find(other);
    expect(found).toMatchObject({ execution_id: other, workflow_id: null });
    expect(found.artifacts.map(({ id }) => id)).toEqual([2, 1]);
  });

  it('asks for artifacts without workflow by an empty one, and for bars when told', async () => {
    const { find, requests } = asked([{ execution_id: stored }], [null]);
    await find(stored, { workflow_id: '', include: 'bars' });
    await find(stored, {});
    expect(requests.map(({ workflowId, includeBars }) => [workflowId, includeBars])).toEqual([
      [null, true],
      [undefined, false],
    ]);
  });

  it('is not found, without asking, where no column could hold its id', async () => {
    const { find, requests } = asked([], []);
    await expect(find('a\0b')).rejects.toMatchObject({ code: 'not_found' });
    await expect(find('𝄞'.repeat(256))).rejects.toMatchObject({ code: 'not_found' });
    expect(requests).toEqual([]);
    await expect(find('𝄞'.repeat(255))).rejects.toMatchObject({ code: 'not_found' });
    expect(requests).toHaveLength(1);
  });

  it('wants the workflow named where several share the id', async () => {
    const { find } = asked([{ execution_id: stored }], ['w', null]);
    await expect(find(stored)).rejects.toMatchObject({
      code: 'invalid_input',
      fields: [{ field: 'workflow_id', message: expect.stringContaining('"" (none), "w"') }],
    });
    expect(await find(stored, { workflow_id: 'w' })).toMatchObject({ execution_id: stored });
  });
});

describe('sharedExecution', () => {
  it('names twenty of them, and says how many there are beside', () => {
    const names = Array.from({ length: 21 }, (_, i) => `w${String(i).padStart(2, '0')}`);
    const message = sharedExecution(names).fields?.[0]?.message ?? '';
    expect(message).toContain('"w19" and 1 more');
    expect(message).not.toContain('w20');
    expect(sharedExecution(names.slice(0, 20)).fields?.[0]?.message).not.toContain('more');
  });
});
