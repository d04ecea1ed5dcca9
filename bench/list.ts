/**
 * What a page of 100 artifacts costs on the embedded database with 100,000 of them, a third of
 * which are charts that carry 200 bars each: the whole answer as a caller sees it, and the
 * database's share of it. `npm run bench` or `tsx bench/list.ts [requests]`.
 */
import { PgliteBackend } from '../stand-in/sql/pglite-backend.ts';
import { startSqlEndpoint } from '../stand-in/sql/server.ts';
import { buildWorker, CHARTPROOF } from '../test/support/build-worker.ts';
import { startStack } from '../test/support/stack.ts';

const REQUESTS = Number(process.argv[2] ?? 21);
const ARTIFACTS = 100_000;
const TARGET_MS = 50;
const DATABASE_URL = 'postgresql://bench:bench@127.0.0.1/bench';

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

async function fill(backend: PgliteBackend): Promise<void> {
  await backend.migrate();
  await backend.pglite.query(
    `insert into artifacts (name, type, symbol, run_id, experiment_id, workflow_id, execution_id, dag_id, task_id, step_name,
       prompt, response, chart_data, signal_data, artifact_metadata, created_at)
     select 'Artifact ' || i, t.type, 'SYM' || i % 300,
       case when i % 3 = 0 then md5(i::text) end, case when i % 3 = 0 then '7' end,
       'wf-' || i / 5 % 5, case when i % 20 > 0 then 'execution ' || i / 5 end, 'wf-' || i / 5 % 5, 'task', 'step-' || i % 4,
       case t.type when 'llm' then repeat('What does the chart say? ', 40) end,
       case t.type when 'llm' then repeat('It says to wait. ', 60) end,
       case t.type when 'chart' then '{"indicators":["SMA","RSI"],"timeframe":"daily","bars_count":200}'::jsonb end,
       case t.type when 'signal' then jsonb_build_object('artifact_type', (array['order','trade','portfolio'])[1 + i % 4]) end,
       case t.type when 'chart' then jsonb_build_object('market_data_snapshot',
         jsonb_build_object('symbol', 'SYM' || i % 300, 'timeframe', 'daily', 'bar_count', 200, 'bars', series.bars)) end,
       timestamptz '2025-01-01 00:00+00' + i * interval '4 minutes'
     from generate_series(1, $1::int) i
     cross join lateral (select (array['chart', 'llm', 'signal'])[1 + i % 3] as type) t
     left join (
       select n, jsonb_agg(jsonb_build_object('date', date '2025-01-01' + day, 'open', round((100 + random() * 10)::numeric, 2),
         'high', round((110 + random() * 10)::numeric, 2), 'low', round((90 + random() * 10)::numeric, 2),
         'close', round((100 + random() * 10)::numeric, 2), 'volume', (random() * 1e7)::int)) as bars
       from generate_series(0, 29) n, generate_series(1, 200) day group by n
     ) series on t.type = 'chart' and series.n = i % 30`,
    [ARTIFACTS],
  );
  // What autovacuum does on a server; the embedded one has none.
  await backend.pglite.exec('vacuum analyze artifacts');
}

const EXECUTIONS = 'executions';
/** Queries of `/api/artifacts`, and one of another path. */
const CASES: readonly (readonly [name: string, query: string])[] = [
  ['newest', ''],
  ['by symbol', 'symbol=SYM7'],
  ['by workflow and type', 'workflow_id=wf-3&type=chart'],
  ['unavailable lineage', 'lineage=unavailable'],
  ['linked lineage', 'lineage=linked'],
  ['q, in most rows', 'q=artifact'],
  ['q, in a few rows', 'q=act+9999'],
  ['by name, without index', 'sort=name'],
  ['100 groups', 'group_by=execution_id'],
  ['100 executions', EXECUTIONS],
];

await buildWorker(CHARTPROOF);
const backend = await PgliteBackend.open();
let databaseMs = 0;
const timed = async <T>(run: () => Promise<T>): Promise<T> => {
  const start = performance.now();
  try {
    return await run();
  } finally {
    databaseMs += performance.now() - start;
  }
};
const endpoint = await startSqlEndpoint({
  backend: {
    query: (statement) => timed(() => backend.query(statement)),
    transaction: (statements, options) => timed(() => backend.transaction(statements, options)),
    close: () => backend.close(),
  },
  host: '127.0.0.1',
  port: 0,
  databaseUrl: DATABASE_URL,
});
const stack = await startStack({ DATABASE_URL, DATABASE_HTTP_ENDPOINT: endpoint.url });
try {
  console.log(`Filling ${ARTIFACTS} artifacts…`);
  await fill(backend);
  const { url } = stack.worker;
  const ask = async (query: string) => {
    const path =
      query === EXECUTIONS ? '/api/executions?limit=100' : `/api/artifacts?limit=100&${query}`;
    const response = await fetch(new URL(path, url));
    const text = await response.text();
    if (response.status !== 200) throw new Error(`${query}: ${response.status} ${text}`);
    return text;
  };
  let cursor = '';
  for (let page = 0; page < 50; page += 1) {
    const answer = JSON.parse(await ask(cursor)) as { next_cursor: string };
    cursor = `cursor=${answer.next_cursor}`;
  }
  const rows = [];
  for (const [name, query] of [...CASES, ['page 51, by cursor', cursor] as const]) {
    let bytes = 0;
    const whole: number[] = [];
    const database: number[] = [];
    for (let i = 0; i < REQUESTS + 2; i += 1) {
      databaseMs = 0;
      const start = performance.now();
      bytes = (await ask(query)).length;
      // The first two warm up.
      if (i >= 2) whole.push(performance.now() - start);
      if (i >= 2) database.push(databaseMs);
    }
    rows.push({
      'page of 100': name,
      ms: median(whole).toFixed(1),
      'of it database': median(database).toFixed(1),
      'answer kB': (bytes / 1000).toFixed(0),
      target: `<= ${TARGET_MS}: ${median(whole) <= TARGET_MS ? 'met' : 'MISSED'}`,
    });
  }
  console.log(`Medians of ${REQUESTS} requests, one after the other:`);
  console.table(rows);
} finally {
  await stack.close();
  await endpoint.close();
  await backend.close();
}
