import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { execution, grouped, idsOf, put, refusal, type Group } from '../support/execution-calls.ts';
import { startStack, type Stack } from '../support/stack.ts';

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

describe('/api/executions/{execution_id}', () => {
  beforeAll(async () => {
    await stack.query('delete from artifacts');
  });

  it('finds the execution by every form of its id', async () => {
    const ids = await put(
      stack,
      { workflow_id: 'w', execution_id: PYTHON, type: 'chart', symbol: 'AAPL', at: '10:00' },
      { workflow_id: 'w', execution_id: ISO, at: '10:01', run_id: 'r', experiment_id: '1' },
      { workflow_id: 'w', execution_id: AIRFLOW, dag_id: 'w', at: '10:02' },
      { workflow_id: 'w', execution_id: '2025-11-15 13:54:31.981651+00:00', at: '10:03' },
    );
    for (const form of [PYTHON, ISO, AIRFLOW, '2025-11-15T13:54:31.981650+00:00']) {
      const found = await execution(stack, form);
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
    const [artifact] = await put(stack, { workflow_id: 'odd', execution_id: id });
    // A URL forgets two dots even when they are encoded, so nobody can ask for them in a path.
    if (id === '..') {
      expect((await grouped(stack, `&execution_id=${encodeURIComponent(id)}`)).total).toBe(1);
      return;
    }
    expect(idsOf((await execution(stack, id)).artifacts)).toEqual([artifact]);
  });

  it('wants the workflow where several share the id, and lists them', async () => {
    await put(
      stack,
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
      const found = await execution(
        stack,
        '2025-01-01 00:00:00+00:00',
        `?workflow_id=${workflow ?? ''}`,
      );
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
      expect(await refusal(stack, `/api/executions/${encodeURIComponent(id)}`)).toEqual([
        404,
        undefined,
      ]);
    }
  });

  it('refuses what it does not know', async () => {
    expect(await refusal(stack, '/api/executions/x?symbol=AAPL')).toEqual([422, ['symbol']]);
    expect(await refusal(stack, '/api/executions/x?workflow_id=a&workflow_id=b')).toEqual([
      422,
      ['workflow_id'],
    ]);
    expect(await refusal(stack, '/api/executions/x?include=all')).toEqual([422, ['include']]);
  });

  it('leaves out bars unless they are asked for', async () => {
    await put(stack, { execution_id: 'bars' });
    expect((await execution(stack, 'bars')).artifacts[0]?.metadata).toEqual({
      market_data_snapshot: { bar_count: 1 },
    });
    expect((await execution(stack, 'bars', '?include=bars')).artifacts[0]?.metadata).toEqual({
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
      stack,
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
    expect(await refusal(stack, '/api/artifacts/stats/summary?type=chart')).toEqual([
      422,
      ['type'],
    ]);
    expect((await stack.fetch('/api/artifacts/stats')).status).toBe(404);
  });
});

it.each([
  '/api/artifacts?group_by=execution_id',
  '/api/executions',
  '/api/executions/same',
  '/api/artifacts/stats/summary',
])('%s answers 304 until something changes', async (path) => {
  await put(stack, { execution_id: 'same' });
  const etag = (await stack.fetch(path)).headers.get('etag') ?? '';
  expect(etag).toMatch(/^W\//);
  const again = await stack.fetch(path, { headers: { 'if-none-match': etag } });
  expect([again.status, await again.text()]).toEqual([304, '']);
  await put(stack, { execution_id: 'same' });
  expect((await stack.fetch(path, { headers: { 'if-none-match': etag } })).status).toBe(200);
});
