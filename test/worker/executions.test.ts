import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startStack, type Stack } from '../support/stack.ts';

interface Artifact {
  id: number;
  type: string;
  metadata: unknown;
  lineage: Lineage;
}
interface Lineage {
  status: string;
  reason: string | null;
}
interface Group {
  workflow_id: string | null;
  execution_id: string | null;
  dag_id: string | null;
  first_at: string;
  last_at: string;
  counts: Record<string, number>;
  symbols: string[];
  artifacts: Artifact[];
  run_id: string | null;
  experiment_id: string | null;
  lineage: Lineage;
  links: Record<string, string | null>;
}
interface Grouped {
  groups: Group[];
  grouped: Record<string, Artifact[]>;
  group_count: number;
  total: number;
  next_cursor: string | null;
}
interface Executions {
  executions: Group[];
  total: number;
  next_cursor: string | null;
}

let stack: Stack;
/** One execution id in the forms in which producers write it. */
const PYTHON = '2025-11-15 13:54:31.981650+00:00';
const ISO = '2025-11-15T13:54:31.981650Z';
const AIRFLOW = 'manual__2025-11-15T13:54:31.981650+00:00';

beforeAll(async () => {
  stack = await startStack({
    MLFLOW_UI_URL: 'https://mlflow.example.com/ui',
    AIRFLOW_UI_URL: 'https://airflow.example.com',
  });
});
afterAll(() => stack.close());

type Row = Partial<
  Record<
    | 'name'
    | 'type'
    | 'symbol'
    | 'workflow_id'
    | 'execution_id'
    | 'dag_id'
    | 'run_id'
    | 'experiment_id'
    | 'at',
    string | null
  >
>;

/** Writes rows in this order; `at` is the time of 2025-11-15. Returns their ids. */
async function put(...rows: Row[]): Promise<number[]> {
  const inserted = await stack.query<{ id: number }>(
    `insert into artifacts (name, type, symbol, workflow_id, execution_id, dag_id, run_id, experiment_id, created_at, artifact_metadata)
     select coalesce(name, 'x'), coalesce(type, 'llm'), symbol, workflow_id, execution_id, dag_id, run_id, experiment_id,
       ('2025-11-15 ' || coalesce(at, '12:00') || '+00')::timestamptz, '{"market_data_snapshot":{"bar_count":1,"bars":[1]}}'
     from jsonb_to_recordset($1::text::jsonb) as r(name text, type text, symbol text, workflow_id text, execution_id text,
       dag_id text, run_id text, experiment_id text, at text) returning id`,
    [JSON.stringify(rows)],
  );
  return inserted.map(({ id }) => id);
}

async function grouped(query = ''): Promise<Grouped> {
  const response = await stack.fetch(`/api/artifacts?group_by=execution_id${query}`);
  expect([query, response.status]).toEqual([query, 200]);
  return (await response.json()) as Grouped;
}

async function executions(query = ''): Promise<Executions> {
  const response = await stack.fetch(`/api/executions?${query}`);
  expect([query, response.status]).toEqual([query, 200]);
  return (await response.json()) as Executions;
}

async function execution(id: string, query = ''): Promise<Group> {
  const response = await stack.fetch(`/api/executions/${encodeURIComponent(id)}${query}`);
  expect([id, response.status]).toEqual([id, 200]);
  return (await response.json()) as Group;
}

async function refusal(path: string): Promise<unknown[]> {
  const response = await stack.fetch(path);
  const { errors } = (await response.json()) as { errors?: { field: string }[] };
  return [response.status, errors?.map(({ field }) => field)];
}

const idsOf = (artifacts: readonly Artifact[]) => artifacts.map(({ id }) => id);
const named = (groups: readonly Group[]): [string | null, string | null][] =>
  groups.map((group) => [group.workflow_id, group.execution_id]);

describe('a grouped list', () => {
  let ids: number[];
  beforeAll(async () => {
    await stack.query('delete from artifacts');
    ids = await put(
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
    const { groups, group_count, total, next_cursor } = await grouped();
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
    const { groups, grouped: byKey } = await grouped();
    expect(Object.keys(byKey).toSorted()).toEqual(
      ['a/shared', 'b/shared', 'c/ungrouped', 'nobody', 'one', 'ungrouped'].toSorted(),
    );
    expect(byKey['one']).toEqual(groups[2]?.artifacts);
    expect(idsOf(byKey['ungrouped'] ?? [])).toEqual([ids[8], ids[9]]);
    // Whether an id is shared does not depend on the page.
    expect(Object.keys((await grouped('&limit=1')).grouped)).toEqual(['a/shared']);
    // Nor do others count that the filter leaves out.
    expect(Object.keys((await grouped('&workflow_id=b')).grouped).toSorted()).toEqual([
      'shared',
      'ungrouped',
    ]);
  });

  it('gives a group the run of its linked member, and the ungrouped none', async () => {
    const { groups } = await grouped();
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
    const whole = named((await grouped(`&sort=${sort}`)).groups);
    const walked: Group[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page: Grouped = await grouped(
        `&sort=${sort}&limit=1${cursor === '' ? '' : `&cursor=${cursor}`}`,
      );
      walked.push(...page.groups);
      cursor = page.next_cursor;
      expect(page.group_count).toBe(6);
    }
    expect(named(walked)).toEqual(whole);
    if (sort === 'created_at') {
      expect(whole).toEqual(named((await grouped()).groups).toReversed());
    }
  });

  it.each(['-created_at', 'created_at'])(
    'by %s loses no group that grows in between',
    async (sort) => {
      const whole = named((await grouped(`&sort=${sort}`)).groups);
      const first = await grouped(`&sort=${sort}&limit=2`);
      const late = await put(
        ...whole.map(([workflow_id, execution_id]) => ({ workflow_id, execution_id, at: '23:00' })),
        { workflow_id: 'new', execution_id: 'new', at: '23:30' },
      );
      const rest = await grouped(`&sort=${sort}&cursor=${first.next_cursor}`);
      expect(named([...first.groups, ...rest.groups])).toEqual(whole);
      await stack.query('delete from artifacts where id = any($1)', [late]);
    },
  );

  it('has only the members that match', async () => {
    const { groups, total, group_count } = await grouped('&symbol=AAPL');
    expect([total, group_count]).toEqual([2, 1]);
    expect(groups[0]).toMatchObject({
      execution_id: 'one',
      first_at: '2025-11-15T10:02:00+00:00',
      counts: { chart: 1, llm: 1 },
      symbols: ['AAPL'],
    });
    expect((await grouped('&type=chart')).total).toBe(2);
    expect(named((await grouped('&lineage=linked')).groups)).toEqual([
      ['b', 'shared'],
      [null, null],
    ]);
    expect((await grouped('&lineage=unresolved')).total).toBe(1);
    expect((await grouped('&q=nothing+of+it')).groups).toEqual([]);
    expect(named((await grouped('&created_before=2025-11-15T09:00:00Z')).groups)).toEqual([
      [null, 'nobody'],
      [null, null],
      ['c', 'ungrouped'],
    ]);
  });

  it('leaves out bars unless they are asked for', async () => {
    const [lean, whole] = [await grouped('&limit=1'), await grouped('&limit=1&include=bars')];
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
    const { groups, total } = await grouped('&execution_id=many');
    expect(groups[0]?.artifacts).toHaveLength(500);
    expect(groups[0]?.counts).toEqual({ chart: 351, llm: 350 });
    expect(groups[0]?.last_at).toBe('2025-11-15T12:11:41+00:00');
    expect(groups[0]?.first_at).toBe('2025-11-15T12:00:01+00:00');
    expect(total).toBe(701);
    expect((await execution('many')).artifacts).toHaveLength(701);
    await stack.query("delete from artifacts where name = 'many'");
  });

  it('refuses other orders, and a cursor of a flat list', async () => {
    for (const sort of ['name', '-id', 'symbol']) {
      expect(await refusal(`/api/artifacts?group_by=execution_id&sort=${sort}`)).toEqual([
        422,
        ['sort'],
      ]);
    }
    const flat = (await (await stack.fetch('/api/artifacts?limit=1')).json()) as Grouped;
    expect(
      await refusal(`/api/artifacts?group_by=execution_id&cursor=${flat.next_cursor}`),
    ).toEqual([422, ['cursor']]);
    expect(
      await refusal(`/api/executions?cursor=${(await grouped('&limit=1')).next_cursor}`),
    ).toEqual([422, ['cursor']]);
  });

  describe('/api/executions', () => {
    it('has the executions alone', async () => {
      const { executions: all, total, next_cursor } = await executions();
      expect(named(all)).toEqual([
        ['a', 'shared'],
        ['a', 'one'],
        ['b', 'shared'],
        [null, 'nobody'],
        ['c', 'ungrouped'],
      ]);
      expect([total, next_cursor]).toEqual([5, null]);
      expect(all).toEqual((await grouped()).groups.filter((group) => group.execution_id !== null));
    });

    it('is walked by its cursor and narrowed by the same filters', async () => {
      const first = await executions('limit=3');
      const rest = await executions(`limit=3&cursor=${first.next_cursor}`);
      expect([first.executions.length, rest.executions.length, rest.next_cursor]).toEqual([
        3,
        2,
        null,
      ]);
      expect((await executions('workflow_id=b')).total).toBe(1);
      expect((await executions('type=chart')).total).toBe(1);
      expect((await executions('lineage=linked')).total).toBe(1);
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
      expect(await refusal(`/api/executions?${query}`)).toEqual([422, fields]);
    });
  });
});

describe('/api/executions/{execution_id}', () => {
  beforeAll(async () => {
    await stack.query('delete from artifacts');
  });

  it('finds the execution by every form of its id', async () => {
    const ids = await put(
      { workflow_id: 'w', execution_id: PYTHON, type: 'chart', symbol: 'AAPL', at: '10:00' },
      { workflow_id: 'w', execution_id: ISO, at: '10:01', run_id: 'r', experiment_id: '1' },
      { workflow_id: 'w', execution_id: AIRFLOW, dag_id: 'w', at: '10:02' },
      { workflow_id: 'w', execution_id: '2025-11-15 13:54:31.981651+00:00', at: '10:03' },
    );
    for (const form of [PYTHON, ISO, AIRFLOW, '2025-11-15T13:54:31.981650+00:00']) {
      const found = await execution(form);
      const wanted = form === AIRFLOW || form === ISO || form === PYTHON ? form : AIRFLOW;
      expect(found).toMatchObject({
        workflow_id: 'w',
        execution_id: wanted,
        dag_id: 'w',
        counts: { chart: 1, llm: 2 },
        symbols: ['AAPL'],
        run_id: 'r',
        lineage: { status: 'linked' },
      });
      expect(idsOf(found.artifacts)).toEqual([ids[2], ids[1], ids[0]]);
      expect(found.links['airflow_run']).toBe(
        `https://airflow.example.com/dags/w/runs/${encodeURIComponent(AIRFLOW)}`,
      );
    }
  });

  it('follows the link of an artifact', async () => {
    const response = await stack.fetch('/api/artifacts?limit=1&sort=created_at');
    const { artifacts } = (await response.json()) as {
      artifacts: { links: { execution: string } }[];
    };
    const link = new URL(artifacts[0]?.links.execution ?? '');
    const found = await stack.fetch(`${link.pathname}${link.search}`);
    expect(((await found.json()) as Group).execution_id).toBe(PYTHON);
  });

  it.each([
    'a/b',
    'a+b c',
    '100%',
    '%2F',
    'ünï/cödé?x#y',
    "o'neil",
    '..',
    'a//b',
    '\\',
    'x&y=z',
    ' ',
  ])('takes any id, percent-encoded: %s', async (id) => {
    const [artifact] = await put({ workflow_id: 'odd', execution_id: id });
    // A URL forgets two dots even when they are encoded, so nobody can ask for them in a path.
    if (id === '..') {
      expect((await grouped(`&execution_id=${encodeURIComponent(id)}`)).total).toBe(1);
      return;
    }
    expect(idsOf((await execution(id)).artifacts)).toEqual([artifact]);
  });

  it('wants the workflow where several share the id, and lists them', async () => {
    await put(
      { workflow_id: 'p', execution_id: '2025-01-01T00:00:00Z' },
      { workflow_id: 'q', execution_id: '2025-01-01 00:00:00+00:00' },
      { execution_id: '2025-01-01 00:00:00+00:00', name: 'nameless' },
    );
    const path = `/api/executions/${encodeURIComponent('2025-01-01 00:00:00+00:00')}`;
    const response = await stack.fetch(path);
    const problem = (await response.json()) as { errors: { field: string; message: string }[] };
    expect([response.status, problem.errors.map(({ field }) => field)]).toEqual([
      422,
      ['workflow_id'],
    ]);
    expect(problem.errors[0]?.message).toContain('"" (none), "p", "q"');
    for (const workflow of ['p', 'q', null]) {
      const found = await execution('2025-01-01 00:00:00+00:00', `?workflow_id=${workflow ?? ''}`);
      expect([found.workflow_id, found.artifacts.length, found.counts]).toEqual([
        workflow,
        1,
        { llm: 1 },
      ]);
    }
    expect((await stack.fetch(`${path}?workflow_id=z`)).status).toBe(404);
  });

  it('is a 404 for what no artifact names', async () => {
    for (const id of ['nothing', 'x'.repeat(256), '\0', '2025-11-15 13:54:31.981652+00:00']) {
      expect(await refusal(`/api/executions/${encodeURIComponent(id)}`)).toEqual([404, undefined]);
    }
  });

  it('refuses what it does not know', async () => {
    expect(await refusal('/api/executions/x?symbol=AAPL')).toEqual([422, ['symbol']]);
    expect(await refusal('/api/executions/x?workflow_id=a&workflow_id=b')).toEqual([
      422,
      ['workflow_id'],
    ]);
    expect(await refusal('/api/executions/x?include=all')).toEqual([422, ['include']]);
  });

  it('leaves out bars unless they are asked for', async () => {
    await put({ execution_id: 'bars' });
    expect((await execution('bars')).artifacts[0]?.metadata).toEqual({
      market_data_snapshot: { bar_count: 1 },
    });
    expect((await execution('bars', '?include=bars')).artifacts[0]?.metadata).toEqual({
      market_data_snapshot: { bar_count: 1, bars: [1] },
    });
  });
});

describe('/api/artifacts/stats/summary', () => {
  it('counts by type, lineage and reason', async () => {
    await stack.query('delete from artifacts');
    const empty = await (await stack.fetch('/api/artifacts/stats/summary')).json();
    expect(empty).toMatchObject({ artifacts: 0, renders_by_reason: {}, newest_at: null });
    await put(
      { type: 'chart', execution_id: 'e', at: '10:00:00.000001' },
      { type: 'llm', run_id: 'r', experiment_id: '1' },
      { type: 'signal' },
      { type: 'signal', name: 'order' },
      { type: 'photo' },
    );
    await stack.query(
      `update artifacts set signal_data = '{"artifact_type":"order"}' where name = 'order'`,
    );
    await stack.query(
      `update artifacts set signal_data = '{"artifact_type":"trade"}' where type = 'llm'`,
    );
    await stack.query(`insert into artifact_render (artifact_id, render_key, reason)
      values (1, 'a', 'missing'), (2, 'a', 'missing'), (2, 'b', 'stale')`);
    expect(await (await stack.fetch('/api/artifacts/stats/summary')).json()).toEqual({
      artifacts: 5,
      by_type: { chart: 1, llm: 1, signal: 2, order: 1, trade: 0, portfolio: 0, photo: 1 },
      by_lineage: { linked: 1, pending: 0, unresolved: 3, unavailable: 1 },
      renders_by_reason: { missing: 2, stale: 1 },
      newest_at: '2025-11-15T12:00:00+00:00',
    });
    expect(await refusal('/api/artifacts/stats/summary?type=chart')).toEqual([422, ['type']]);
    expect((await stack.fetch('/api/artifacts/stats')).status).toBe(404);
  });
});

it.each([
  '/api/artifacts?group_by=execution_id',
  '/api/executions',
  '/api/executions/same',
  '/api/artifacts/stats/summary',
])('%s answers 304 until something changes', async (path) => {
  await put({ execution_id: 'same' });
  const etag = (await stack.fetch(path)).headers.get('etag') ?? '';
  expect(etag).toMatch(/^W\//);
  const again = await stack.fetch(path, { headers: { 'if-none-match': etag } });
  expect([again.status, await again.text()]).toEqual([304, '']);
  await put({ execution_id: 'same' });
  expect((await stack.fetch(path, { headers: { 'if-none-match': etag } })).status).toBe(200);
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
