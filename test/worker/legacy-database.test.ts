import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LocalServer } from '../../stand-in/listen.ts';
import { startMlflowServer } from '../../stand-in/mlflow/server.ts';
import { startStack, type Stack } from '../support/stack.ts';

const ROWS = 1_000;

/**
 * The table as its owner has made it: no index beside the key, no default, a column more, and a
 * trigger.
 */
const TABLE = [
  `create table artifacts (
     id serial primary key, name varchar(255) not null, type varchar(50) not null, symbol varchar(50),
     run_id varchar(255), experiment_id varchar(255), workflow_id varchar(255), execution_id varchar(255),
     step_name varchar(100), dag_id varchar(255), task_id varchar(255), prompt text, response text,
     prompt_length integer, response_length integer, model_name varchar(100), image_path text, chart_type varchar(50),
     chart_data jsonb, action varchar(20), confidence decimal(3, 2), signal_data jsonb, artifact_metadata jsonb,
     created_at timestamptz not null default now(), updated_at timestamptz, team_note text)`,
  `create index their_index on artifacts (symbol, created_at)`,
  `create function their_function() returns trigger language plpgsql as $$ begin return new; end $$`,
  `create trigger their_trigger before insert on artifacts for each row execute function their_function()`,
];

/**
 * Rows of mixed age and shape: nulls, JSON nulls, scalars and arrays where objects belong, zeros,
 * both forms of ids.
 */
const FILL = `insert into artifacts (name, type, symbol, run_id, experiment_id, workflow_id, execution_id, step_name, dag_id,
    task_id, prompt, response, prompt_length, response_length, image_path, chart_data, action, confidence, signal_data,
    artifact_metadata, created_at, updated_at, team_note)
  select 'Old ' || i, (array['chart','llm','signal','report',''])[1 + i % 5], (array['AAPL', null, '', 'ÄÖ', 'BRK.B'])[1 + i % 5],
    case i % 7 when 0 then md5(i::text) when 1 then '' end, case i % 14 when 0 then '3' when 1 then '' end,
    (array['daily', null, 'weekly', ''])[1 + i % 4],
    case i % 6 when 0 then (timestamptz '2023-01-01 06:00+00' + i * interval '1 hour')::text
      when 1 then 'manual__' || to_char(timestamp '2024-02-29 13:54:31.98165' + i * interval '1 day', 'YYYY-MM-DD"T"HH24:MI:SS.US') || '+00:00'
      when 2 then 'scheduled__2024-03-31T00:00:00+00:00' when 3 then 'x''y"z%\\_' || i when 4 then '' end,
    null, (array['daily', null])[1 + i % 2], case when i % 3 = 0 then 'task' end,
    case when i % 5 = 1 then repeat('why? ', i % 50) end, case when i % 5 = 1 then '' end, 0, case when i % 2 = 0 then 0 end,
    (array[null, '/tmp/chart.png', '', 's3://elsewhere/x.png'])[1 + i % 4],
    (array['null', '{}', '[1]', '"text"', '0', '{"minio_url": null, "indicators": null}', null])[1 + i % 7]::jsonb,
    (array['buy', '', null])[1 + i % 3], (array[0, 0.5, 1, null])[1 + i % 4],
    (array['null', '{"artifact_type": "order"}', '[]', null])[1 + i % 4]::jsonb,
    (array['null', '{"market_data_snapshot": null}', '{"market_data_snapshot": {"bars": []}}', '{"market_data_snapshot": {"bars": "none"}}',
      '{"a": {"b": [null, 0, 1e300]}}', null, '{"market_data_snapshot": {"symbol": "AAPL", "bar_count": 2, "bars": [
        {"date": "2024-01-02", "open": 0, "high": 2, "low": 0, "close": 1, "volume": 0},
        {"date": "2024-01-03", "open": 1, "high": 2, "low": 1, "close": 2, "volume": null}]}}'])[1 + i % 7]::jsonb,
    timestamptz '1999-12-31 23:59:59.999999+00' + i * interval '9 days 1 second', case when i % 2 = 0 then now() end, 'note ' || i
  from generate_series(1, ${ROWS}) i`;

/** Everything that can be told of the table and its rows. */
const FINGERPRINT = {
  rows: `select count(*)::int as n, md5(string_agg(a::text, '|' order by id)) as hash from artifacts a`,
  columns: `select column_name, data_type, character_maximum_length, is_nullable, column_default, ordinal_position
    from information_schema.columns where table_name = 'artifacts' order by ordinal_position`,
  indexes: `select indexname, indexdef from pg_indexes where tablename = 'artifacts' order by indexname`,
  constraints: `select conname, contype, pg_get_constraintdef(oid) as definition from pg_constraint
    where conrelid = 'artifacts'::regclass or confrelid = 'artifacts'::regclass order by conname`,
  triggers: `select tgname from pg_trigger where tgrelid = 'artifacts'::regclass order by tgname`,
  sequence: `select last_value::int as last_value, is_called from artifacts_id_seq`,
};

describe('a database that was there before', () => {
  let stack: Stack;
  let mlflow: LocalServer;
  let before: Record<string, unknown>;

  const fingerprint = async () => {
    const parts: Record<string, unknown> = {};
    for (const [name, sql] of Object.entries(FINGERPRINT)) parts[name] = await stack.query(sql);
    return parts;
  };
  const get = async <T>(path: string): Promise<T> => {
    const response = await stack.fetch(path);
    expect([path, response.status]).toEqual([path, 200]);
    return (await response.json()) as T;
  };
  /** Every id, by pages. */
  async function walk(query: string): Promise<number[]> {
    const ids: number[] = [];
    let cursor = '';
    do {
      const page = await get<{
        artifacts: { id: number }[];
        next_cursor: string | null;
        total: number;
      }>(`/api/artifacts?${query}${cursor}`);
      expect(page.total).toBe(ROWS);
      ids.push(...page.artifacts.map(({ id }) => id));
      cursor = page.next_cursor === null ? '' : `&cursor=${page.next_cursor}`;
    } while (cursor !== '');
    return ids;
  }
  async function readEverything(): Promise<void> {
    for (const query of ['limit=500', 'limit=300&include=bars', 'limit=170&sort=symbol'])
      expect((await walk(query)).toSorted((a, b) => a - b)).toEqual(
        Array.from({ length: ROWS }, (_, i) => i + 1),
      );
    for (let id = 1; id <= 42; id += 1) {
      const artifact = await get<{ id: number; lineage: { status: string } }>(
        `/api/artifacts/${id}`,
      );
      expect(artifact.id).toBe(id);
      await get(`/api/artifacts/${id}/download`);
    }
    await get('/api/artifacts?group_by=execution_id&limit=100');
    const { executions } = await get<{ executions: { links: { execution: string | null } }[] }>(
      '/api/executions?limit=30',
    );
    for (const { links } of executions) {
      if (links.execution !== null)
        await get(links.execution.slice(links.execution.indexOf('/api/')));
    }
    await get('/api/artifacts/stats/summary');
    await get('/api/lineage/status');
  }

  beforeAll(async () => {
    mlflow = await startMlflowServer({ directory: null, host: '127.0.0.1', port: 0 });
    stack = await startStack({ MLFLOW_TRACKING_URI: mlflow.url }, { isMigrated: false });
    for (const statement of [...TABLE, FILL]) await stack.query(statement);
    before = await fingerprint();
  });
  afterAll(async () => {
    await stack.close();
    await mlflow.close();
  });

  it('is read without a migration, and nothing is written', async () => {
    await readEverything();
    expect(await fingerprint()).toEqual(before);
    const tables = await stack.query("select tablename from pg_tables where schemaname = 'public'");
    expect(tables).toEqual([{ tablename: 'artifacts' }]);
  });

  it('is migrated twice without a change to its table', async () => {
    await stack.migrate();
    await stack.migrate();
    expect(await fingerprint()).toEqual(before);
  });

  it('is read after the migration, and nothing of it is altered', async () => {
    await readEverything();
    expect(await fingerprint()).toEqual(before);
  });

  it('gets runs where there were none, and nothing else', async () => {
    const others = `select md5(string_agg((to_jsonb(a) - 'run_id' - 'experiment_id' - 'updated_at')::text, '|' order by id)) as hash,
      md5(string_agg(case when nullif(run_id, '') is not null and id % 7 = 0 then run_id end, '|' order by id)) as runs from artifacts a`;
    const untouched = await stack.query(others);
    const [row] = await stack.query<{ id: number; execution_id: string }>(
      "select id, execution_id from artifacts where id = 540 and workflow_id = 'daily'",
    );
    const created = await fetch(`${mlflow.url}/api/2.0/mlflow/runs/create`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        experiment_id: '0',
        tags: [
          { key: 'workflow_id', value: 'daily' },
          { key: 'execution_id', value: row?.execution_id },
        ],
      }),
    });
    const { run } = (await created.json()) as { run: { info: { run_id: string } } };
    await stack.query("update lineage_lookup set next_check_at = now() - interval '1 second'");
    expect(await get(`/api/artifacts/${row?.id}`)).toMatchObject({
      run_id: run.info.run_id,
      experiment_id: '0',
    });
    expect(await stack.query(others)).toEqual(untouched);
  });
});
