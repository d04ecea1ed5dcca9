import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startS3Server } from '../../stand-in/s3/server.ts';
import { startSqlEndpoint } from '../../stand-in/sql/server.ts';
import { giveBackPglite, openPglite } from './open-pglite.ts';
import type { StackDatabase, StackServices, StackStore } from './stack-services.ts';

const HOST = '127.0.0.1';
const KEY = 'minioadmin';
const REGION = 'us-east-1';
const DATABASE_URL = 'postgresql://chartproof:chartproof@127.0.0.1/chartproof';

/** The S3 server and the PGlite of the local stack, in this process. */
export async function openEmbeddedServices(bucket: string): Promise<StackServices> {
  return { store: await openStore(bucket), database: await openDatabase() };
}

async function openStore(bucket: string): Promise<StackStore> {
  const directory = await mkdtemp(join(tmpdir(), 'chartproof-test-'));
  const serve = (port: number) =>
    startS3Server({
      directory: join(directory, 's3'),
      host: HOST,
      port,
      accessKey: KEY,
      secretKey: KEY,
      region: REGION,
      buckets: [bucket],
    });
  let server = await serve(0);
  const { port } = server;
  return {
    endpoint: server.url,
    region: REGION,
    accessKeyId: KEY,
    secretAccessKey: KEY,
    stop: () => server.close(),
    start: async () => {
      server = await serve(port);
    },
    close: async () => {
      await server.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function openDatabase(): Promise<StackDatabase> {
  const backend = await openPglite();
  const serve = (port: number) =>
    startSqlEndpoint({ backend, host: HOST, port, databaseUrl: DATABASE_URL });
  let endpoint = await serve(0);
  const { port } = endpoint;
  return {
    databaseUrl: DATABASE_URL,
    httpEndpoint: endpoint.url,
    migrate: () => backend.migrate(),
    query: async (text, params) =>
      (await backend.pglite.query<Record<string, unknown>>(text, params)).rows,
    stop: () => endpoint.close(),
    start: async () => {
      endpoint = await serve(port);
    },
    close: async () => {
      await endpoint.close();
      await giveBackPglite(backend);
    },
  };
}
