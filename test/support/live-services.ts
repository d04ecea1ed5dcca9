import { randomUUID } from 'node:crypto';
import { AwsClient } from 'aws4fetch';
import { Pool, types } from 'pg';
import { migratePostgres } from '../../scripts/migrate/migrate-postgres.ts';
import { ensureBucket } from '../../scripts/seed/ensure-bucket.ts';
import { PostgresBackend } from '../../stand-in/sql/postgres-backend.ts';
import { startSqlEndpoint } from '../../stand-in/sql/server.ts';
import { liveVariable } from './live-variable.ts';
import type { StackDatabase, StackServices, StackStore } from './stack-services.ts';
import { startTcpProxy } from './tcp-proxy.ts';

const HOST = '127.0.0.1';
/** Of nothing. */
const EMPTY_SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

export interface LiveStore {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** The MinIO that `npm run test:live` has started, or was told of. */
export function liveStore(): LiveStore {
  return {
    endpoint: liveVariable('MINIO_ENDPOINT').replace(/\/$/, ''),
    region: process.env['MINIO_REGION'] || 'us-east-1',
    accessKeyId: liveVariable('MINIO_ACCESS_KEY'),
    secretAccessKey: liveVariable('MINIO_SECRET_KEY'),
  };
}

/**
 * A bucket of the test file's own on MinIO, and a database of the stack's own on PostgreSQL; both
 * are removed at the end.
 */
export async function openLiveServices(bucket: string): Promise<StackServices> {
  return { store: await openStore(bucket), database: await openDatabase() };
}

async function openStore(bucket: string): Promise<StackStore> {
  const minio = liveStore();
  await ensureBucket(minio, bucket);
  const { hostname, port } = new URL(minio.endpoint);
  // SigV4 signs the host that was asked for, whoever passes the request on.
  const proxy = await startTcpProxy({ host: hostname, port: Number(port || '80') });
  return {
    ...minio,
    endpoint: `http://${HOST}:${proxy.port}`,
    stop: () => proxy.stop(),
    start: () => proxy.start(),
    close: async () => {
      await proxy.stop();
      await removeBucket(minio, bucket);
    },
  };
}

/** With everything in it, which is a wish that MinIO alone grants. */
export async function removeBucket(store: LiveStore, bucket: string): Promise<void> {
  const client = new AwsClient({ ...store, service: 's3', retries: 0 });
  const response = await client.fetch(`${store.endpoint}/${bucket}`, {
    method: 'DELETE',
    headers: { 'x-minio-force-delete': 'true', 'x-amz-content-sha256': EMPTY_SHA256 },
  });
  await response.arrayBuffer();
}

/** A new database beside the one that LIVE_DATABASE_URL names. */
export async function createLiveDatabase(): Promise<{
  databaseUrl: string;
  drop: () => Promise<void>;
}> {
  const given = liveVariable('LIVE_DATABASE_URL');
  const name = `chartproof_test_${randomUUID().slice(0, 8)}`;
  const url = new URL(given);
  url.pathname = `/${name}`;
  await queryOnce(given, `create database ${name}`);
  return {
    databaseUrl: url.href,
    drop: async () => {
      await queryOnce(given, `drop database if exists ${name} with (force)`);
    },
  };
}

/** One statement on a connection of its own. */
export async function queryOnce<Row = Record<string, unknown>>(
  databaseUrl: string,
  sql: string,
): Promise<Row[]> {
  const pool = new Pool({ connectionString: databaseUrl, max: 1 });
  try {
    return (await pool.query(sql)).rows as Row[];
  } finally {
    await pool.end();
  }
}

async function openDatabase(): Promise<StackDatabase> {
  const { databaseUrl, drop } = await createLiveDatabase();
  const backend = new PostgresBackend(databaseUrl);
  const serve = (port: number) => startSqlEndpoint({ backend, host: HOST, port, databaseUrl });
  let endpoint = await serve(0);
  const { port } = endpoint;
  const pool = new Pool({
    connectionString: databaseUrl,
    // Counts are numbers, as they are on the embedded database.
    types: {
      getTypeParser: (oid, format) =>
        oid === types.builtins.INT8 ? Number : types.getTypeParser(oid, format),
    },
  });
  // A database that is dropped ends connections that are just being closed.
  pool.on('error', () => {});
  return {
    databaseUrl,
    httpEndpoint: endpoint.url,
    migrate: async () => {
      await migratePostgres(databaseUrl);
    },
    query: async (text, params) => (await pool.query<Record<string, unknown>>(text, params)).rows,
    stop: () => endpoint.close(),
    start: async () => {
      endpoint = await serve(port);
    },
    close: async () => {
      await endpoint.close();
      await backend.close();
      await pool.end();
      await drop();
    },
  };
}
