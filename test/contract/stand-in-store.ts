import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { freePort } from '../../scripts/live/start-server.ts';
import { startS3Server } from '../../stand-in/s3/server.ts';
import { startKillableServer } from '../support/killable-server.ts';
import type { KillableS3, S3Target, StoreUnderTest } from './object-store-session.ts';

const OPTIONS = {
  host: '127.0.0.1',
  accessKey: 'contract-key',
  secretKey: 'contract-secret',
  region: 'us-east-1',
  buckets: ['contract'],
};
const CHILD = fileURLToPath(new URL('../support/s3-child.ts', import.meta.url));

const targetAt = (endpoint: string): S3Target => ({
  endpoint,
  region: OPTIONS.region,
  accessKeyId: OPTIONS.accessKey,
  secretAccessKey: OPTIONS.secretKey,
  bucket: 'contract',
});

/** The S3 server of `stand-in/`, in this process. */
export async function openStandInStore(): Promise<StoreUnderTest> {
  const directory = await mkdtemp(join(tmpdir(), 'chartproof-s3-'));
  const server = await startS3Server({ ...OPTIONS, directory, port: 0 });
  return {
    target: targetAt(server.url),
    close: async () => {
      await server.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** The same in a process of its own. */
export async function openKillableStandIn(): Promise<KillableS3> {
  const directory = await mkdtemp(join(tmpdir(), 'chartproof-s3-child-'));
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const child = await startKillableServer({
    command: process.execPath,
    args: ['--import', 'tsx', CHILD],
    env: { S3_OPTIONS: JSON.stringify({ ...OPTIONS, directory, port }) },
    readyUrl: `${endpoint}/minio/health/ready`,
  });
  return {
    target: targetAt(endpoint),
    kill: () => child.kill(),
    restart: async () => {
      await child.restart();
      // What was being written is gone.
      expect(await readdir(join(directory, '.tmp'))).toEqual([]);
    },
    close: async () => {
      await child.kill();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
