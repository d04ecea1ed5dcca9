/**
 * What a picture costs that is in the store and not at the edge, on a real MinIO and a real
 * PostgreSQL: our image route, beside a bare Worker that makes a signed GET of the same object, or
 * one query of its row, or nothing. All of them run in workerd under the same wrangler, in turns.
 * `npm run bench` or `tsx bench/store.ts [pictures]`. Installs both services the first time (`npm
 * run live install`).
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AwsClient } from 'aws4fetch';
import { unstable_startWorker } from 'wrangler';
import type { LiveService } from '../scripts/live/live-service.ts';
import { LIVE_SERVICES } from '../scripts/live/services.ts';
import { freePort } from '../scripts/live/start-server.ts';
import { migratePostgres } from '../scripts/migrate/migrate-postgres.ts';
import { ensureBucket } from '../scripts/seed/ensure-bucket.ts';
import { createChartSourceRepository } from '../src/image/chart-source.repository.ts';
import { createDatabase } from '../src/storage/database.ts';
import { PostgresBackend } from '../stand-in/sql/postgres-backend.ts';
import { startSqlEndpoint } from '../stand-in/sql/server.ts';
import { chartArtifact, makeBars } from '../test/support/bars.ts';

const PICTURES = Number(process.argv[2] ?? 41);
const BARS = 200;
const TARGET = 1.3;
const TOKEN = 'bench-service-token-0123456789';
const WARM_UP = 20;

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

interface Worker {
  readonly url: string;
  close(): Promise<void>;
}

/** As `npm start` runs it, without a restart when files change. */
async function startWorker(
  config: string,
  variables: Readonly<Record<string, string>>,
  persist: string,
): Promise<Worker> {
  const entries = Object.entries(variables).map(([name, value]) => [
    name,
    { type: 'plain_text', value },
  ]);
  const port = await freePort();
  const worker = await unstable_startWorker({
    config: fileURLToPath(new URL(`../${config}`, import.meta.url)),
    bindings: Object.fromEntries(entries),
    dev: {
      server: { hostname: '127.0.0.1', port, secure: false },
      persist,
      inspector: false,
      logLevel: 'error',
      watch: false,
    },
  });
  await worker.ready;
  return { url: `http://127.0.0.1:${port}`, close: () => worker.dispose() };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

// Wrangler would ask hosts on the internet and report about itself.
process.env['CLOUDFLARE_CF_FETCH_ENABLED'] = 'false';
process.env['WRANGLER_SEND_METRICS'] = 'false';
process.env['WRANGLER_LOG'] = 'error';
const services: LiveService[] = [];
try {
  for (const kind of LIVE_SERVICES.filter(({ name }) => name !== 'mlflow')) {
    const service = await kind.start({ say: (line) => console.log(line) });
    services.push(service);
    Object.assign(process.env, service.variables, {
      [kind.variable]: Object.values(service.variables)[0],
    });
  }
  let queries = 0;
  const databaseUrl = process.env['LIVE_DATABASE_URL'] ?? '';
  const backend = new PostgresBackend(databaseUrl);
  const endpoint = await startSqlEndpoint({
    backend: {
      query: (statement) => {
        queries += 1;
        return backend.query(statement);
      },
      transaction: (statements, options) => {
        queries += statements.length;
        return backend.transaction(statements, options);
      },
      close: () => backend.close(),
    },
    host: '127.0.0.1',
    port: 0,
    databaseUrl,
  });
  const where = { databaseUrl, httpEndpoint: endpoint.url };
  await migratePostgres(databaseUrl);
  const bucket = 'trading-charts';
  const state = await mkdtemp(join(tmpdir(), 'chartproof-bench-'));
  const store = {
    endpoint: process.env['MINIO_ENDPOINT'] ?? '',
    region: process.env['MINIO_REGION'] ?? '',
    accessKeyId: process.env['MINIO_ACCESS_KEY'] ?? '',
    secretAccessKey: process.env['MINIO_SECRET_KEY'] ?? '',
  };
  await ensureBucket(store, bucket);
  const variables = {
    DEPLOYMENT: 'local',
    DATABASE_URL: databaseUrl,
    DATABASE_HTTP_ENDPOINT: endpoint.url,
    MINIO_ENDPOINT: store.endpoint,
    MINIO_REGION: store.region,
    MINIO_ACCESS_KEY: store.accessKeyId,
    MINIO_SECRET_KEY: store.secretAccessKey,
    MINIO_BUCKETS: bucket,
    SERVICE_TOKENS: TOKEN,
  };
  let worker = await startWorker('wrangler.toml', variables, state);
  const bare = await startWorker('bench/store.wrangler.toml', variables, join(state, 'bare'));
  try {
    console.log(`Drawing ${PICTURES + WARM_UP} pictures of ${BARS} bars…`);
    const ids: number[] = [];
    for (let i = 0; i < PICTURES + WARM_UP; i += 1) {
      const created = await fetch(`${worker.url}/api/artifacts`, {
        method: 'POST',
        headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
        body: JSON.stringify(chartArtifact(makeBars(BARS, i + 1))),
      });
      const { id } = (await created.json()) as { id: number };
      const drawn = await fetch(`${worker.url}/api/artifacts/${id}/image`);
      if (drawn.status !== 200) throw new Error(`${id}: ${drawn.status} ${await drawn.text()}`);
      ids.push(id);
    }
    // A restart is a new colo, whose edge is empty.
    await worker.close();
    await rm(join(state, 'v3', 'cache'), { recursive: true, force: true });
    worker = await startWorker('wrangler.toml', variables, state);
    const sources = createChartSourceRepository(createDatabase(where));
    const ask = async (url: string) => {
      const response = await fetch(url);
      const bytes = (await response.arrayBuffer()).byteLength;
      if (response.status !== 200) throw new Error(`${url}: ${response.status}`);
      return { bytes, source: response.headers.get('x-chart-source') };
    };
    const client = new AwsClient({ ...store, service: 's3', retries: 0 });
    const rows: Record<'ours' | 'get' | 'direct' | 'query' | 'nothing', number>[] = [];
    let queriesMax = 0;
    let bytes = 0;
    for (const [i, id] of ids.entries()) {
      const stored = (await sources.find(id))?.storedUrl ?? '';
      const object = `${bare.url}/object?url=${encodeURIComponent(stored)}`;
      // The store reads it from its own caches in every case.
      ({ bytes } = await ask(object));
      queries = 0;
      const ours = await timed(async () => {
        const { source } = await ask(`${worker.url}/api/artifacts/${id}/image`);
        if (source !== 'store') throw new Error(`${id} came from ${source}`);
      });
      const made = queries;
      const row = {
        ours,
        get: await timed(() => ask(object)),
        direct: await timed(async () => {
          await (await client.fetch(stored)).arrayBuffer();
        }),
        query: await timed(() => ask(`${bare.url}/query/${id}`)),
        nothing: await timed(() => ask(`${bare.url}/nothing`)),
      };
      // The first ones wake the isolates.
      if (i < WARM_UP) continue;
      queriesMax = Math.max(queriesMax, made);
      rows.push(row);
    }
    const of = (name: keyof (typeof rows)[number]) => median(rows.map((row) => row[name]));
    const ratio = median(
      rows.map(({ ours, get, query, nothing }) => (ours - (query - nothing)) / get),
    );
    console.log(`Medians of ${PICTURES} pictures, each asked for once:`);
    console.table([
      {
        'picture kB': (bytes / 1000).toFixed(0),
        'ours ms': of('ours').toFixed(1),
        'signed GET ms': of('get').toFixed(1),
        'signed GET from here ms': of('direct').toFixed(1),
        'one query ms': of('query').toFixed(1),
        'nothing ms': of('nothing').toFixed(1),
        'queries of ours': queriesMax,
        'ours / GET': median(rows.map(({ ours, get }) => ours / get)).toFixed(2),
        'ours without its query / GET': ratio.toFixed(2),
        target: `<= ${TARGET}, 1 query: ${ratio <= TARGET && queriesMax === 1 ? 'met' : 'MISSED'}`,
      },
    ]);
    if (ratio > TARGET || queriesMax !== 1) process.exitCode = 1;
  } finally {
    await worker.close();
    await bare.close();
    await rm(state, { recursive: true, force: true });
    await endpoint.close();
    await backend.close();
  }
} finally {
  for (const service of services) await service.close();
}
