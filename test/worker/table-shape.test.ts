import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chartArtifact, makeBars } from '../support/bars.ts';
import { startStack, type Stack } from '../support/stack.ts';

/** Columns of other types, all of which must work as well as those of migrations/0000. */
const OTHER_TYPES: Readonly<Record<string, readonly string[]>> = {
  'text for varchar': [
    'name',
    'type',
    'symbol',
    'run_id',
    'experiment_id',
    'workflow_id',
    'execution_id',
    'step_name',
    'dag_id',
    'task_id',
    'model_name',
    'chart_type',
    'action',
  ].map((column) => `alter column ${column} type text`),
  'varchar of any length for text and shorter ones': [
    'name',
    'symbol',
    'run_id',
    'workflow_id',
    'execution_id',
    'prompt',
    'response',
    'image_path',
    'action',
  ].map((column) => `alter column ${column} type varchar`),
  'double precision for numeric': ['alter column confidence type double precision'],
  'real for numeric, bigint for lengths': [
    'alter column confidence type real',
    'alter column prompt_length type bigint',
    'alter column response_length type bigint',
  ],
  'numeric without scale': ['alter column confidence type numeric'],
  'times in milliseconds': [
    'alter column created_at type timestamptz(3)',
    'alter column updated_at type timestamptz(3)',
  ],
  'domains of the same base': [
    'alter column symbol type ticker',
    'alter column artifact_metadata type document',
    'alter column created_at type instant',
  ],
  'an identity column for serial': [
    'alter column id drop default',
    'alter column id add generated always as identity (start with 100)',
  ],
  'columns that nobody asked for': [
    'add column team_note text',
    "add column tags text[] not null default '{}'",
  ],
};

describe('the table artifacts', () => {
  let stack: Stack;
  /** Bars of its own for each: the picture of those before may still be on its way out. */
  let seed = 500;
  beforeAll(async () => {
    stack = await startStack();
    await stack.query('create domain ticker as varchar(80)');
    await stack.query('create domain document as jsonb');
    await stack.query('create domain instant as timestamptz');
  });
  afterAll(() => stack.close());

  const database = async () => {
    const response = await stack.fetch('/readyz');
    const { status, dependencies } = (await response.json()) as {
      status: string;
      dependencies: Record<string, { ok: boolean; detail: string; reason?: string }>;
    };
    expect([response.status, status]).toEqual(
      dependencies['database']?.ok === true ? [200, 'ready'] : [503, 'unavailable'],
    );
    return dependencies['database'];
  };

  /** Other columns for as long as `use` lasts. */
  async function altered(changes: readonly string[], use: () => Promise<void>): Promise<void> {
    await stack.query('alter table artifacts rename to artifacts_kept');
    await stack.query('create table artifacts (like artifacts_kept including all)');
    try {
      for (const change of changes) await stack.query(`alter table artifacts ${change}`);
      await use();
    } finally {
      await stack.query('drop table artifacts');
      await stack.query('alter table artifacts_kept rename to artifacts');
    }
  }

  const send = async (method: string, path: string, body?: unknown) => {
    const response = await stack.send(method, path, body);
    const text = await response.text();
    expect([method, path, response.status, text.slice(0, 300)]).toEqual([
      method,
      path,
      expect.toSatisfy((status: number) => status < 300),
      expect.anything(),
    ]);
    return text === '' ? null : JSON.parse(text);
  };

  /** Every statement that names a column. */
  async function useEverything(): Promise<void> {
    const chart = chartArtifact(makeBars(30, (seed += 1)), {
      step_name: 'draw',
      dag_id: 'dag',
      task_id: 'task',
    });
    const { id } = await send('POST', '/api/artifacts', chart);
    const { bar_count } = await send('GET', `/api/artifacts/${id}/indicators`);
    const market = await send('GET', `/api/artifacts/${id}/market-data`);
    expect([bar_count, market.count]).toEqual([30, 30]);
    const fewer = { metadata: chartArtifact(makeBars(20, seed)).metadata };
    await send('PATCH', `/api/artifacts/${id}`, fewer);
    expect(await send('GET', `/api/artifacts/${id}/market-data`)).toMatchObject({ count: 20 });
    const signal = {
      name: 'A signal',
      type: 'signal',
      symbol: 'TEST',
      workflow_id: 'wf',
      action: 'buy',
      confidence: 0.85,
      execution_id: chart.execution_id,
      signal_data: { artifact_type: 'order' },
      prompt: 'why?',
      response: 'so',
      model_name: 'm',
    };
    const other = await send('POST', '/api/artifacts', signal);
    expect(other).toMatchObject({
      confidence: 0.85,
      prompt_length: 4,
      symbol: 'TEST',
      updated_at: null,
    });
    expect(other.created_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+\+00:00$/);
    expect(
      await send('PATCH', `/api/artifacts/${other.id}`, {
        confidence: 0.1,
        metadata: { a: 1 },
        signal_data: { b: 2 },
      }),
    ).toMatchObject({
      confidence: 0.1,
      metadata: { a: 1 },
      signal_data: { artifact_type: 'order', b: 2 },
    });
    for (const query of [
      'limit=1',
      'sort=symbol',
      'sort=-name',
      'q=signal',
      'symbol=TEST&type=order',
      'lineage=unavailable',
      'created_after=2020-01-01T00:00:00Z&run_id=x',
      'group_by=execution_id',
      'include=bars',
    ]) {
      const page = await send('GET', `/api/artifacts?${query}`);
      if (page.next_cursor !== null && page.next_cursor !== undefined)
        await send('GET', `/api/artifacts?${query}&cursor=${encodeURIComponent(page.next_cursor)}`);
    }
    const { executions } = await send('GET', '/api/executions');
    expect(executions[0]).toMatchObject({ workflow_id: 'wf' });
    await send('GET', `/api/executions/${encodeURIComponent(chart.execution_id)}`);
    await send('GET', '/api/artifacts/stats/summary');
    await send('GET', '/api/lineage/status');
    await send('POST', '/api/lineage/repair', {});
    const run_id = 'a'.repeat(32);
    const attached = await send('POST', '/api/lineage/attach', {
      artifact_ids: [id],
      run_id,
      experiment_id: '1',
    });
    expect(attached.attached).toEqual([id]);
    const image = await stack.fetch(`/api/artifacts/${id}/image`);
    expect([image.status, image.headers.get('x-chart-freshness')]).toEqual([200, 'regenerated']);
    const verified = await send('GET', `/api/artifacts/${id}/verify`);
    expect([verified.matches, verified.row.bars]).toEqual([true, 'usable']);
    await send('GET', `/api/artifacts/${id}/download`);
    const [row] = await stack.query('select run_id, image_path from artifacts where id = $1', [id]);
    expect(row).toEqual({ run_id, image_path: expect.stringContaining(`.png`) });
    await send('DELETE', `/api/artifacts/${id}`);
    await send('DELETE', `/api/artifacts/${other.id}`);
  }

  it('as migrated is ready', async () => {
    expect(await database()).toEqual({ ok: true, detail: 'answers' });
    await useEverything();
  });

  it.each(Object.entries(OTHER_TYPES))('may have %s', async (_, changes) => {
    await altered(changes, async () => {
      expect(await database()).toEqual({ ok: true, detail: 'answers' });
      await useEverything();
    });
  });

  it('may be a view that takes rows', async () => {
    await stack.query('alter table artifacts rename to stored');
    await stack.query('create view artifacts as select * from stored');
    try {
      expect(await database()).toEqual({ ok: true, detail: 'answers' });
      await useEverything();
      await stack.query('drop view artifacts');
      await stack.query('create view artifacts as select distinct * from stored');
      expect(await database()).toMatchObject({ ok: false, reason: 'other_shape' });
    } finally {
      await stack.query('drop view artifacts');
      await stack.query('alter table stored rename to artifacts');
    }
  });

  it('is found where the search path leads', async () => {
    await stack.query('create schema trading');
    await stack.query('alter table artifacts set schema trading');
    try {
      expect(await database()).toMatchObject({
        ok: false,
        reason: 'not_migrated',
        detail: expect.stringMatching(/npm run migrate.*Schema trading has one/),
      });
    } finally {
      await stack.query('alter table trading.artifacts set schema public');
    }
  });

  it('is named with every column that is missing or of another type', async () => {
    const changes = [
      'drop column symbol',
      'rename column step_name to step',
      'alter column confidence type text',
      'alter column artifact_metadata type json',
      'alter column created_at type timestamp',
    ];
    await altered(changes, async () => {
      expect(await database()).toEqual({
        ok: false,
        reason: 'other_shape',
        detail:
          'The table "artifacts" has another shape: column "symbol" is missing (varchar(50)); column "step_name" is missing (varchar(100)); ' +
          'column "confidence" is text and must be numeric(3, 2); column "artifact_metadata" is json and must be jsonb; ' +
          'column "created_at" is timestamp without time zone and must be timestamp with time zone.',
      });
    });
    expect(await database()).toMatchObject({ ok: true });
  });
});
