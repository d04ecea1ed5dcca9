import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  execution,
  executions,
  grouped,
  idsOf,
  put,
  refusal,
  type Executions,
  type Group,
  type Grouped,
} from '../support/execution-calls.ts';
import { startStack, type Stack } from '../support/stack.ts';

let stack: Stack;

beforeAll(async () => {
  stack = await startStack({
    MLFLOW_UI_URL: 'https://mlflow.example.com/ui',
    AIRFLOW_UI_URL: 'https://airflow.example.com',
  });
});
afterAll(() => stack.close());

const named = (groups: readonly Group[]): [string | null, string | null][] =>
  groups.map((group) => [group.workflow_id, group.execution_id]);

describe('a grouped list', () => {
  let ids: number[];
  beforeAll(async () => {
    await stack.query('delete from artifacts');
    ids = await put(
      stack,
      {
        workflow_id: 'a',
        execution_id: 'one',
        type: 'chart',
        symbol: 'MSFT',
        dag_id: 'dag',
        at: '10:00',
      },
      { workflow_id: 'a', execution_id: 'one', type: 'chart', symbol: 'AAPL', at: '10:05' },
      { workflow_id: 'a', execution_id: 'one', type: 'llm', symbol: 'AAPL', at: '10:02' },
      { workflow_id: 'a', execution_id: 'shared', at: '11:00' },
      {
        workflow_id: 'b',
        execution_id: 'shared',
        at: '09:00',
        run_id: 'run-b',
        experiment_id: '7',
      },
      { workflow_id: 'b', execution_id: 'shared', at: '09:01' },
      { execution_id: 'nobody', at: '08:00' },
      { workflow_id: '', execution_id: 'nobody', at: '08:01' },
      { workflow_id: 'a', at: '10:30' },
      { workflow_id: 'b', execution_id: '', at: '07:00', run_id: 'alone', experiment_id: '9' },
      { workflow_id: 'c', execution_id: 'ungrouped', at: '06:00' },
    );
  });

  it('puts every artifact with those of its execution, the newest group first', async () => {
    const { groups, group_count, total, next_cursor } = await grouped(stack);
    expect(named(groups)).toEqual([
      ['a', 'shared'],
      [null, null],
      ['a', 'one'],
      ['b', 'shared'],
      [null, 'nobody'],
      ['c', 'ungrouped'],
    ]);
    expect([group_count, total, next_cursor]).toEqual([6, 11, null]);
    expect(groups.flatMap(({ artifacts }) => idsOf(artifacts)).toSorted((a, b) => a - b)).toEqual(
      ids,
    );
    expect(groups[2]).toMatchObject({
      dag_id: 'dag',
      first_at: '2025-11-15T10:00:00+00:00',
      last_at: '2025-11-15T10:05:00+00:00',
      counts: { chart: 2, llm: 1 },
      symbols: ['AAPL', 'MSFT'],
    });
    expect(idsOf(groups[2]?.artifacts ?? [])).toEqual([ids[1], ids[2], ids[0]]);
  });

  it('names them by execution_id, and by the workflow where two share one', async () => {
    const { groups, grouped: byKey } = await grouped(stack);
    expect(Object.keys(byKey).toSorted()).toEqual(
      ['a/shared', 'b/shared', 'c/ungrouped', 'nobody', 'one', 'ungrouped'].toSorted(),
    );
    expect(byKey['one']).toEqual(groups[2]?.artifacts);
    expect(idsOf(byKey['ungrouped'] ?? [])).toEqual([ids[8], ids[9]]);
    // Whether an id is shared does not depend on the page.
    expect(Object.keys((await grouped(stack, '&limit=1')).grouped)).toEqual(['a/shared']);
    // Nor do others count that the filter leaves out.
    expect(Object.keys((await grouped(stack, '&workflow_id=b')).grouped).toSorted()).toEqual([
      'shared',
      'ungrouped',
    ]);
  });

  it('gives a group the run of its linked member, and the ungrouped none', async () => {
    const { groups } = await grouped(stack);
    const linked = groups[3];
    expect(linked).toMatchObject({
      run_id: 'run-b',
      experiment_id: '7',
      lineage: { status: 'linked' },
    });
    expect(linked?.links).toMatchObject({
      mlflow_run: 'https://mlflow.example.com/ui/#/experiments/7/runs/run-b',
      mlflow_experiment: 'https://mlflow.example.com/ui/#/experiments/7',
      airflow_run: null,
    });
    expect(linked?.links['execution']).toMatch(/\/api\/executions\/shared\?workflow_id=b$/);
    expect(groups[0]).toMatchObject({ run_id: null, lineage: { status: 'unavailable' } });
    expect(groups[1]).toMatchObject({
      run_id: null,
      lineage: { status: 'unresolved' },
      links: { execution: null, mlflow_run: null },
    });
  });

  it.each(['-created_at', 'created_at'])('is walked by %s, group by group', async (sort) => {
    const whole = named((await grouped(stack, `&sort=${sort}`)).groups);
    const walked: Group[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page: Grouped = await grouped(
        stack,
        `&sort=${sort}&limit=1${cursor === '' ? '' : `&cursor=${cursor}`}`,
      );
      walked.push(...page.groups);
      cursor = page.next_cursor;
      expect(page.group_count).toBe(6);
    }
    expect(named(walked)).toEqual(whole);
    if (sort === 'created_at') {
      expect(whole).toEqual(named((await grouped(stack)).groups).toReversed());
    }
  });

  it.each(['-created_at', 'created_at'])(
    'by %s loses no group that grows in between',
    async (sort) => {
      const whole = named((await grouped(stack, `&sort=${sort}`)).groups);
      const first = await grouped(stack, `&sort=${sort}&limit=2`);
      const late = await put(
        stack,
        ...whole.map(([workflow_id, execution_id]) => ({ workflow_id, execution_id, at: '23:00' })),
        { workflow_id: 'new', execution_id: 'new', at: '23:30' },
      );
      const rest = await grouped(stack, `&sort=${sort}&cursor=${first.next_cursor}`);
      expect(named([...first.groups, ...rest.groups])).toEqual(whole);
      await stack.query('delete from artifacts where id = any($1)', [late]);
    },
  );

  it('has only the members that match', async () => {
    const { groups, total, group_count } = await grouped(stack, '&symbol=AAPL');
    expect([total, group_count]).toEqual([2, 1]);
    expect(groups[0]).toMatchObject({
      execution_id: 'one',
      first_at: '2025-11-15T10:02:00+00:00',
      counts: { chart: 1, llm: 1 },
      symbols: ['AAPL'],
    });
    expect((await grouped(stack, '&type=chart')).total).toBe(2);
    expect(named((await grouped(stack, '&lineage=linked')).groups)).toEqual([
      ['b', 'shared'],
      [null, null],
    ]);
    expect((await grouped(stack, '&lineage=unresolved')).total).toBe(1);
    expect((await grouped(stack, '&q=nothing+of+it')).groups).toEqual([]);
    expect(named((await grouped(stack, '&created_before=2025-11-15T09:00:00Z')).groups)).toEqual([
      [null, 'nobody'],
      [null, null],
      ['c', 'ungrouped'],
    ]);
  });

  it('leaves out bars unless they are asked for', async () => {
    const [lean, whole] = [
      await grouped(stack, '&limit=1'),
      await grouped(stack, '&limit=1&include=bars'),
    ];
    expect(lean.groups[0]?.artifacts[0]?.metadata).toEqual({
      market_data_snapshot: { bar_count: 1 },
    });
    expect(whole.groups[0]?.artifacts[0]?.metadata).toEqual({
      market_data_snapshot: { bar_count: 1, bars: [1] },
    });
  });

  it('ends a page early where groups are large', async () => {
    await stack.query(`insert into artifacts (name, type, execution_id, created_at)
      select 'large', 'llm', 'large ' || i % 12, timestamptz '2025-11-15 12:00+00' + i * interval '1 second'
      from generate_series(0, 12 * 499) i`);
    const found: string[] = [];
    let [cursor, pages]: [string | null, number] = ['', 0];
    while (cursor !== null) {
      const page: Executions = await executions(
        stack,
        `q=large${cursor === '' ? '' : `&cursor=${cursor}`}`,
      );
      found.push(...page.executions.map((one) => one.execution_id ?? ''));
      expect(page.total).toBe(12);
      [cursor, pages] = [page.next_cursor, pages + 1];
    }
    expect([pages, found.length, new Set(found).size]).toEqual([2, 12, 12]);
    await stack.query("delete from artifacts where name = 'large'");
  });

  it('lists 500 of a large group and counts them all', async () => {
    await stack.query(`insert into artifacts (name, type, execution_id, created_at)
      select 'many', (array['llm', 'chart'])[1 + i % 2], 'many', timestamptz '2025-11-15 12:00+00' + i * interval '1 second'
      from generate_series(1, 701) i`);
    const { groups, total } = await grouped(stack, '&execution_id=many');
    expect(groups[0]?.artifacts).toHaveLength(500);
    expect(groups[0]?.counts).toEqual({ chart: 351, llm: 350 });
    expect(groups[0]?.last_at).toBe('2025-11-15T12:11:41+00:00');
    expect(groups[0]?.first_at).toBe('2025-11-15T12:00:01+00:00');
    expect(total).toBe(701);
    expect((await execution(stack, 'many')).artifacts).toHaveLength(701);
    await stack.query("delete from artifacts where name = 'many'");
  });

  it('refuses other orders, and a cursor of a flat list', async () => {
    for (const sort of ['name', '-id', 'symbol']) {
      expect(await refusal(stack, `/api/artifacts?group_by=execution_id&sort=${sort}`)).toEqual([
        422,
        ['sort'],
      ]);
    }
    const flat = (await (await stack.fetch('/api/artifacts?limit=1')).json()) as Grouped;
    expect(
      await refusal(stack, `/api/artifacts?group_by=execution_id&cursor=${flat.next_cursor}`),
    ).toEqual([422, ['cursor']]);
    expect(
      await refusal(
        stack,
        `/api/executions?cursor=${(await grouped(stack, '&limit=1')).next_cursor}`,
      ),
    ).toEqual([422, ['cursor']]);
  });

  describe('/api/executions', () => {
    it('has the executions alone', async () => {
      const { executions: all, total, next_cursor } = await executions(stack);
      expect(named(all)).toEqual([
        ['a', 'shared'],
        ['a', 'one'],
        ['b', 'shared'],
        [null, 'nobody'],
        ['c', 'ungrouped'],
      ]);
      expect([total, next_cursor]).toEqual([5, null]);
      expect(all).toEqual(
        (await grouped(stack)).groups.filter((group) => group.execution_id !== null),
      );
    });

    it('is walked by its cursor and narrowed by the same filters', async () => {
      const first = await executions(stack, 'limit=3');
      const rest = await executions(stack, `limit=3&cursor=${first.next_cursor}`);
      expect([first.executions.length, rest.executions.length, rest.next_cursor]).toEqual([
        3,
        2,
        null,
      ]);
      expect((await executions(stack, 'workflow_id=b')).total).toBe(1);
      expect((await executions(stack, 'type=chart')).total).toBe(1);
      expect((await executions(stack, 'lineage=linked')).total).toBe(1);
    });

    it.each([
      ['limit=501', ['limit']],
      ['sort=name', ['sort']],
      ['group_by=execution_id', ['group_by']],
      ['colour=red', ['colour']],
      ['cursor=x', ['cursor']],
      ['workflow_id=a&workflow_id=b', ['workflow_id']],
      ['created_before=now', ['created_before']],
    ])('refuses %s', async (query, fields) => {
      expect(await refusal(stack, `/api/executions?${query}`)).toEqual([422, fields]);
    });
  });
});

describe('a table that others filled and nobody migrated', () => {
  it('is grouped and counted, for those who may read', async () => {
    const bare = await startStack({ READ_ACCESS: 'token' });
    try {
      await bare.query('drop table lineage_lookup, artifact_render');
      await bare.query(
        `insert into artifacts (name, type, execution_id) values ('a', 'chart', 'x'), ('b', 'llm', null)`,
      );
      const statuses = [];
      for (const path of [
        '/api/artifacts',
        '/api/artifacts?group_by=execution_id',
        '/api/artifacts?group_by=execution_id&lineage=unavailable',
        '/api/executions',
        '/api/executions/x',
        '/api/artifacts/stats/summary',
      ]) {
        statuses.push([(await bare.fetch(path)).status, (await bare.send('GET', path)).status]);
      }
      expect(statuses).toEqual(statuses.map(() => [401, 200]));
    } finally {
      await bare.close();
    }
  });
});
