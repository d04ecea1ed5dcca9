import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createMetricCounterRepository } from '../../../src/metrics/metric-counter.repository.ts';
import { createMetricSnapshotRepository } from '../../../src/metrics/metric-snapshot.repository.ts';
import { readMetrics } from '../../../src/metrics/read-metrics.ts';
import { createMetricFlusher } from '../../../src/observability/flush-metrics.ts';
import { silentLog } from '../../../src/observability/log.ts';
import { createMetrics } from '../../../src/observability/metrics.ts';
import { createDatabase } from '../../../src/storage/database.ts';
import type { LocalServer } from '../../../stand-in/listen.ts';
import type { SqlStatement } from '../../../stand-in/sql/backend.ts';
import type { PgliteBackend } from '../../../stand-in/sql/pglite-backend.ts';
import { startSqlEndpoint } from '../../../stand-in/sql/server.ts';
import { giveBackPglite, openPglite } from '../../support/open-pglite.ts';

const DATABASE_URL = 'postgresql://plan:plan@127.0.0.1/plan';
const ROWS = 100_000;

let backend: PgliteBackend;
let endpoint: LocalServer;
let sent: SqlStatement[] = [];
const metrics = createMetrics();
let scrape: () => Promise<string>;

beforeAll(async () => {
  backend = await openPglite();
  await backend.migrate();
  await backend.pglite.exec(`
    insert into artifacts (name, type, workflow_id, execution_id, run_id, experiment_id, created_at)
    select 'artifact ' || i, (array['chart','llm','signal'])[1 + i % 3], 'wf-' || i / 5 % 5,
      case when i % 20 > 0 then 'execution ' || i / 5 end, case when i / 5 % 10 > 0 then md5((i / 5)::text) end,
      case when i / 5 % 10 > 0 then '1' end, timestamptz '2025-01-01 00:00+00' + i * interval '1 minute'
    from generate_series(1, ${ROWS}) i;
    insert into lineage_lookup (kind, workflow, name, status, attempts)
    select 'execution', 'wf-' || e % 5, 'execution ' || e, (array['pending','unresolved'])[1 + e % 2], 1
    from generate_series(0, ${ROWS / 5}, 10) e;
    insert into lineage_lookup (kind, workflow, name, status, experiment_id)
    select 'run', '', md5(e::text), 'linked', '1' from generate_series(0, ${ROWS / 5}) e where e % 10 > 0;
    insert into chart_render (render_key, snapshot_sha256, png_sha256, pixel_sha256, bucket, object_key, byte_size, width,
      height, symbol, timeframe, bar_count, first_bar, last_bar, renderer, spec, render_ms, created_at)
    select md5(i::text), 'a', 'b', 'c', 'bucket', 'k', 1, 1, 1, 'S', 'daily', 2, now(), now(), '4', '{}', 50 + i % 900,
      timestamptz '2025-01-01 00:00+00' + i * interval '1 minute'
    from generate_series(1, ${ROWS / 3}) i;
    insert into artifact_render (artifact_id, render_key, reason, created_at)
    select i * 3, md5(i::text), 'missing', timestamptz '2025-01-01 00:00+00' + i * interval '1 minute'
    from generate_series(1, ${ROWS / 3}) i;
    analyze`);
  const recorder = {
    query: (statement: SqlStatement) => {
      sent.push(statement);
      return backend.query(statement);
    },
    transaction: (...[statements, options]: Parameters<PgliteBackend['transaction']>) => {
      sent.push(...statements);
      return backend.transaction(statements, options);
    },
    close: () => backend.close(),
  };
  endpoint = await startSqlEndpoint({
    backend: recorder,
    host: '127.0.0.1',
    port: 0,
    databaseUrl: DATABASE_URL,
  });
  const database = createDatabase({
    databaseUrl: DATABASE_URL,
    httpEndpoint: endpoint.url,
    deadlineMs: 60_000,
  });
  const counters = createMetricCounterRepository(database);
  const common = { defer: () => {}, log: silentLog, now: () => Date.now() };
  const reader = readMetrics({
    ...common,
    counters,
    snapshots: createMetricSnapshotRepository(database, { isMlflowConfigured: true }),
    flusher: createMetricFlusher({ ...common, metrics, write: counters.add }),
  });
  scrape = () => reader.read();
  await reader.refresh();
});
afterAll(async () => {
  await endpoint.close();
  await giveBackPglite(backend);
});
beforeEach(() => {
  sent = [];
});

interface Plan {
  'Node Type': string;
  'Relation Name'?: string;
  'Index Name'?: string;
  Plans?: Plan[];
}

/**
 * How PostgreSQL would reach the large tables in what was sent: `table by index`, or `table whole`.
 */
async function access(): Promise<string[]> {
  const ways: string[] = [];
  const visit = (plan: Plan) => {
    const table = plan['Relation Name'] ?? '';
    if (plan['Node Type'] === 'Seq Scan' && !table.startsWith('metric_'))
      ways.push(`${table} whole`);
    if (plan['Index Name']?.startsWith('metric_') === false) ways.push(plan['Index Name']);
    if (plan['Node Type'] === 'Nested Loop' && JSON.stringify(plan).includes('lineage_lookup'))
      ways.push('loop');
    plan.Plans?.forEach(visit);
  };
  for (const { query, params } of sent) {
    if (query.startsWith('set local')) continue;
    const explained = await backend.pglite.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(
      `explain (format json) ${query}`,
      [...params],
    );
    visit(explained.rows[0]!['QUERY PLAN'][0].Plan);
  }
  return ways.toSorted();
}

describe(`on ${ROWS} artifacts`, () => {
  it('an ordinary scrape reads the small tables of metrics alone', async () => {
    metrics.count('problem', { code: 'busy' });
    const text = await scrape();
    expect(text).toContain('chartproof_problems_total{code="busy"} 1\n');
    // The batch of counts, whether it is time for a snapshot, and one request for everything that
    // is told.
    expect(sent).toHaveLength(4);
    expect(await access()).toEqual([]);
  });

  it('a scrape that takes the snapshot reads the artifacts once, and of the ledger what is new', async () => {
    await backend.pglite.exec("update metric_snapshot set next_at = now() - interval '1 second'");
    await scrape();
    expect(
      sent.filter(({ query }) => query.startsWith('set local statement_timeout = ')),
    ).toHaveLength(2);
    expect(await access()).toEqual([
      'artifact_render_created_at_idx',
      'artifacts whole',
      'chart_render_drawn_at_idx',
      'lineage_lookup whole',
    ]);
  });

  it('adds up to every artifact and every draw, once', async () => {
    const text = await scrape();
    const artifacts = [...text.matchAll(/^chartproof_artifacts\{.*\} (\d+)$/gm)].map(([, n]) =>
      Number(n),
    );
    expect(artifacts.reduce((a, b) => a + b, 0)).toBe(ROWS);
    expect(text).toContain(`chartproof_render_duration_seconds_count ${Math.floor(ROWS / 3)}\n`);
    expect(text).toContain(`chartproof_renders_total{reason="missing"} ${Math.floor(ROWS / 3)}\n`);
  });
});
