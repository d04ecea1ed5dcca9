import { describe, expect, it } from 'vitest';
import type { ArtifactGroupRequest } from '../../../src/catalog/group-statements.repository.ts';
import { executionListQuery } from '../../../src/catalog/group.schema.ts';
import { listArtifacts } from '../../../src/catalog/list-artifacts.ts';
import { listExecutions, listGroups } from '../../../src/catalog/list-groups.ts';
import type { ArtifactPageRequest } from '../../../src/catalog/list.repository.ts';
import { artifactListQuery } from '../../../src/catalog/list.schema.ts';
import { artifactRow, hydratedArtifact } from '../../support/artifact-row.ts';

const bases = {
  mlflow: { uiUrl: null, workspace: null },
  airflow: { uiUrl: null, majorVersion: 3 },
} as const;
const records = [3, 2, 1].map((id) => ({ row: artifactRow({ id }), lookup: null }));
const next = { value: '2025-11-15 13:55:58.123456+00', id: 1, upToId: 9 };
const kinds = { counts: { llm: 1 }, symbols: [], firstAt: '2025-11-15', lastAt: '2025-11-15' };

/** A database of three rows, what it was asked for, and how often MLflow would have been. */
function asked() {
  const requests: (ArtifactPageRequest | ArtifactGroupRequest)[] = [];
  let hydrations = 0;
  const groups = records.map((record, i) => ({
    ...kinds,
    workflowId: null,
    executionId: i === 0 ? null : `execution ${i}`,
    isShared: false,
    records: [record],
  }));
  const deps = {
    list: {
      page: async (request: ArtifactPageRequest) => {
        requests.push(request);
        return { records, total: 7, next };
      },
    },
    groups: {
      page: async (request: ArtifactGroupRequest) => {
        requests.push(request);
        return { groups, groupCount: 5, total: 7, next };
      },
    },
    hydration: {
      known: () => hydratedArtifact({}, 'pending'),
      one: async () => hydratedArtifact({}, 'pending'),
      execution: async () => [],
      many: async (page: typeof records) => {
        hydrations += 1;
        return page.map(({ row }) => hydratedArtifact(row, 'pending'));
      },
    },
    bases,
  };
  return { deps, requests, hydrations: () => hydrations };
}

const query = (given: Record<string, string> = {}) => artifactListQuery.parse(given);

describe('listArtifacts', () => {
  it('shows what the page has, in its order, looked up together', async () => {
    const { deps, hydrations } = asked();
    const listed = await listArtifacts(deps, query(), 'https://a.example');
    expect(listed.artifacts.map(({ id }) => id)).toEqual([3, 2, 1]);
    expect(listed.artifacts[0]?.links.self).toBe('https://a.example/api/artifacts/3');
    expect(listed.total).toBe(7);
    expect(hydrations()).toBe(1);
  });

  it.each([
    [{}, { limit: 100, includeBars: false }],
    [{ limit: '500' }, { limit: 500, includeBars: false }],
    [
      { limit: '500', include: 'bars' },
      { limit: 100, includeBars: true },
    ],
    [
      { limit: '7', include: 'bars' },
      { limit: 7, includeBars: true },
    ],
  ])('a page with bars ends earlier: %j', async (given, wanted) => {
    const { deps, requests } = asked();
    await listArtifacts(deps, query(given), '');
    expect(requests).toMatchObject([{ ...wanted, after: null, sort: '-created_at' }]);
  });

  it('goes on where its cursor says, in this list only', async () => {
    const { deps, requests } = asked();
    const { next_cursor: cursor } = await listArtifacts(deps, query({ symbol: 'AAPL' }), '');
    const given = { symbol: 'AAPL', cursor: cursor ?? '' };
    await listArtifacts(deps, query(given), '');
    expect(requests[1]).toMatchObject({ after: next, filter: { symbol: 'AAPL' } });
    const others = [
      { ...given, symbol: 'MSFT' },
      { ...given, sort: 'name' },
    ];
    for (const other of others)
      await expect(listArtifacts(deps, query(other), '')).rejects.toMatchObject({
        fields: [{ field: 'cursor' }],
      });
    expect(requests).toHaveLength(2);
  });
});

describe('listGroups and listExecutions', () => {
  it('show groups with their artifacts, all looked up together', async () => {
    const { deps, hydrations } = asked();
    const listed = await listGroups(deps, query({ group_by: 'execution_id' }), '');
    expect(
      Object.entries(listed.grouped).map(([key, some]) => [key, some.map(({ id }) => id)]),
    ).toEqual([
      ['ungrouped', [3]],
      ['execution 1', [2]],
      ['execution 2', [1]],
    ]);
    expect(listed).toMatchObject({ group_count: 5, total: 7 });
    expect(hydrations()).toBe(1);
  });

  it('leave out what names no execution, and count executions', async () => {
    const { deps, requests } = asked();
    const listed = await listExecutions(deps, executionListQuery.parse({}), '');
    expect(listed.total).toBe(5);
    expect(requests).toMatchObject([{ executionsOnly: true }]);
    await listGroups(deps, query({ group_by: 'execution_id' }), '');
    expect(requests[1]).toMatchObject({ executionsOnly: false });
  });

  it('have cursors of their own', async () => {
    const { deps } = asked();
    const { next_cursor: cursor } = await listExecutions(deps, executionListQuery.parse({}), '');
    const given = { group_by: 'execution_id', cursor: cursor ?? '' };
    await expect(listGroups(deps, query(given), '')).rejects.toMatchObject({
      fields: [{ field: 'cursor' }],
    });
  });
});
