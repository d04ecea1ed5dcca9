import { randomUUID } from 'node:crypto';
import type { ObjectStore } from '../../src/storage/object-store.ts';
import { createS3ObjectStore } from '../../src/storage/s3-object-store.ts';
import { CHARTPROOF } from './build-worker.ts';
import { openServices } from './open-services.ts';
import { runWorker, type Limits, type RunningWorker } from './run-worker.ts';

/** Of this test file alone, because real services are shared. */
export const BUCKET = `trading-charts-${randomUUID().slice(0, 8)}`;

export const SERVICE_TOKEN = 'test-service-token-0123456789';

/**
 * Everything one suite runs on: the deployed bundle in workerd, an object store and a PostgreSQL.
 */
export interface Stack {
  readonly worker: RunningWorker;
  readonly store: ObjectStore;
  readonly s3: { readonly url: string };
  readonly database: { readonly databaseUrl: string; readonly httpEndpoint: string };
  /**
   * Applies what is missing of `migrations/`, which is done already unless `isMigrated` was false.
   */
  migrate(): Promise<void>;
  /** Runs one statement on the database itself and returns its rows. */
  query<Row = Record<string, unknown>>(sql: string, params?: unknown[]): Promise<Row[]>;
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** Writes with the service token and JSON. */
  send(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Response>;
  /** A second deployment over the same store and database: isolates, edge and gates of its own. */
  startAnother(): Promise<RunningWorker>;
  /** A colo that has seen nothing: new isolates, empty cache. */
  emptyEdge(): Promise<void>;
  stopStore(): Promise<void>;
  startStore(): Promise<void>;
  stopDatabase(): Promise<void>;
  startDatabase(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Starts a stack of its own; `vars` override the Worker's variables, `limits` the requests a minute
 * of one caller.
 */
export async function startStack(
  vars: Record<string, string> = {},
  { isMigrated = true, limits = {} }: { isMigrated?: boolean; limits?: Limits } = {},
): Promise<Stack> {
  const { store, database } = await openServices(BUCKET);
  if (isMigrated) await database.migrate();
  const settings = {
    limits,
    vars: {
      DEPLOYMENT: 'local',
      DATABASE_URL: database.databaseUrl,
      DATABASE_HTTP_ENDPOINT: database.httpEndpoint,
      MINIO_ENDPOINT: store.endpoint,
      MINIO_REGION: store.region,
      MINIO_ACCESS_KEY: store.accessKeyId,
      MINIO_SECRET_KEY: store.secretAccessKey,
      MINIO_BUCKETS: BUCKET,
      SERVICE_TOKENS: SERVICE_TOKEN,
      ...vars,
    },
  };
  const worker = await runWorker(CHARTPROOF, settings);

  return {
    worker,
    store: createS3ObjectStore({ ...store, buckets: [BUCKET] }),
    s3: { url: store.endpoint },
    database,
    migrate: () => database.migrate(),
    query: async (text, params = []) => (await database.query(text, params)) as never,
    fetch: (path, init) => worker.fetch(path, init),
    send: (method, path, body, headers = {}) =>
      worker.fetch(path, {
        method,
        headers: {
          authorization: `Bearer ${SERVICE_TOKEN}`,
          'content-type': 'application/json',
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    startAnother: () => runWorker(CHARTPROOF, settings),
    emptyEdge: () => worker.restart(),
    stopStore: () => store.stop(),
    startStore: () => store.start(),
    stopDatabase: () => database.stop(),
    startDatabase: () => database.start(),
    close: async () => {
      await worker.close();
      await store.close();
      await database.close();
    },
  };
}
