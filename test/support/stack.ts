import { createTestHarness, type TestHarness } from 'wrangler';
import { fileURLToPath } from 'node:url';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PgliteBackend } from '../../scripts/local/pglite-backend.ts';
import { startSqlEndpoint } from '../../scripts/local/sql-endpoint.ts';
import { startS3Server } from '../../scripts/local/s3-server.ts';
import { createS3ObjectStore } from '../../src/storage/s3-object-store.ts';
import type { ObjectStore } from '../../src/storage/object-store.ts';
import { WORKER_DIRECTORY } from './build-worker.ts';

const ACCESS_KEY = 'minioadmin';
const SECRET_KEY = 'minioadmin';
export const BUCKET = 'trading-charts';
// Miniflare would ask a host of Cloudflare where it is; tests ask nobody.
process.env['CLOUDFLARE_CF_FETCH_ENABLED'] = 'false';

export const SERVICE_TOKEN = 'test-service-token-0123456789';
const DATABASE_URL = 'postgresql://chartproof:chartproof@127.0.0.1/chartproof';

/** Everything one suite runs on: the deployed bundle in workerd, an S3 server and a PostgreSQL, all on loopback. */
export interface Stack {
  readonly worker: TestHarness;
  readonly store: ObjectStore;
  readonly s3: { readonly url: string };
  /** Runs one statement on the database itself and returns its rows. */
  query<Row = Record<string, unknown>>(sql: string, params?: unknown[]): Promise<Row[]>;
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** Writes with the service token and JSON. */
  send(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Response>;
  /** A colo that has seen nothing: new isolates, empty cache. */
  emptyEdge(): Promise<void>;
  stopStore(): Promise<void>;
  startStore(): Promise<void>;
  stopDatabase(): Promise<void>;
  startDatabase(): Promise<void>;
  close(): Promise<void>;
}

/** Starts a stack of its own; `vars` override the Worker's variables. */
export async function startStack(vars: Record<string, string> = {}): Promise<Stack> {
  const directory = await mkdtemp(join(tmpdir(), 'chartproof-test-'));
  const serveStore = (port: number) =>
    startS3Server({
      directory: join(directory, 's3'),
      host: '127.0.0.1',
      port,
      accessKey: ACCESS_KEY,
      secretKey: SECRET_KEY,
      region: 'us-east-1',
      buckets: [BUCKET],
    });
  let s3 = await serveStore(0);
  const storePort = s3.port;
  const backend = await PgliteBackend.open();
  await backend.migrate();
  const serveDatabase = (port: number) =>
    startSqlEndpoint({ backend, host: '127.0.0.1', port, databaseUrl: DATABASE_URL });
  let sql = await serveDatabase(0);
  const sqlPort = sql.port;

  const worker = createTestHarness({
    root: fileURLToPath(new URL('../../', import.meta.url)),
    workers: [
      {
        configPath: 'wrangler.toml',
        prebuiltWorkerDir: WORKER_DIRECTORY,
        vars: {
          DEPLOYMENT: 'local',
          DATABASE_URL,
          DATABASE_HTTP_ENDPOINT: sql.url,
          MINIO_ENDPOINT: s3.url,
          MINIO_ACCESS_KEY: ACCESS_KEY,
          MINIO_SECRET_KEY: SECRET_KEY,
          MINIO_BUCKETS: BUCKET,
          SERVICE_TOKENS: SERVICE_TOKEN,
          ...vars,
        },
      },
    ],
  });
  await worker.listen();
  /** Reads every answer to its end: a body that nobody reads would keep the Worker from stopping. */
  const fetchWorker = async (path: string, init?: RequestInit): Promise<Response> => {
    const answer = await worker.fetch(path, init as never);
    const body = await answer.arrayBuffer();
    const { status } = answer;
    return new Response(body.byteLength === 0 ? null : body, { status, headers: [...answer.headers] });
  };

  return {
    worker,
    store: createS3ObjectStore({
      endpoint: s3.url,
      region: 'us-east-1',
      accessKeyId: ACCESS_KEY,
      secretAccessKey: SECRET_KEY,
      buckets: [BUCKET],
    }),
    s3: { url: s3.url },
    query: async (text, params = []) => (await backend.pglite.query(text, params)).rows as never,
    fetch: fetchWorker,
    send: (method, path, body, headers = {}) =>
      fetchWorker(path, {
        method,
        headers: { authorization: `Bearer ${SERVICE_TOKEN}`, 'content-type': 'application/json', ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    emptyEdge: () => worker.reset(),
    stopStore: () => s3.close(),
    startStore: async () => {
      s3 = await serveStore(storePort);
    },
    stopDatabase: () => sql.close(),
    startDatabase: async () => {
      sql = await serveDatabase(sqlPort);
    },
    close: async () => {
      await worker.close();
      await s3.close();
      await sql.close();
      await backend.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
