import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { freePort } from '../../scripts/live/start-server.ts';
import { startS3Server } from '../../stand-in/s3/server.ts';
import { startKillableServer } from '../support/killable-server.ts';
import { objectStoreContract } from './object-store.contract.ts';
import { sendRaw } from './object-store-request.ts';
import type { KillableS3, S3Target } from './object-store-session.ts';

const directory = await mkdtemp(join(tmpdir(), 'chartproof-s3-'));
const options = {
  directory,
  host: '127.0.0.1',
  port: 0,
  accessKey: 'contract-key',
  secretKey: 'contract-secret',
  region: 'us-east-1',
  buckets: ['contract'],
};
const server = await startS3Server(options);
const targetAt = (endpoint: string): S3Target => ({
  endpoint,
  region: options.region,
  accessKeyId: options.accessKey,
  secretAccessKey: options.secretKey,
  bucket: 'contract',
});

afterAll(async () => {
  await server.close();
  await rm(directory, { recursive: true, force: true });
});

objectStoreContract('embedded', {
  open: async () => targetAt(server.url),
  openKillable: openChild,
  differences: [],
});

async function openChild(): Promise<KillableS3> {
  const own = await mkdtemp(join(tmpdir(), 'chartproof-s3-child-'));
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const child = await startKillableServer({
    command: process.execPath,
    args: ['--import', 'tsx', fileURLToPath(new URL('../support/s3-child.ts', import.meta.url))],
    env: { S3_OPTIONS: JSON.stringify({ ...options, directory: own, port }) },
    readyUrl: `${endpoint}/minio/health/ready`,
  });
  return {
    target: targetAt(endpoint),
    kill: () => child.kill(),
    restart: async () => {
      await child.restart();
      // What was being written is gone.
      expect(await readdir(join(own, '.tmp'))).toEqual([]);
    },
    close: async () => {
      await child.kill();
      await rm(own, { recursive: true, force: true });
    },
  };
}

it('never leaves its directory', async () => {
  for (const path of [
    '/contract/../../etc/passwd',
    '/contract/%2e%2e/x',
    '/../x',
    '/contract/..%2Fx',
    '/.tmp/x',
    '/..%5Cx/y',
    '/%2e%2e',
  ]) {
    for (const sign of [{}, 'nothing'] as const) {
      const body = new Uint8Array(Buffer.from('x'));
      const response = await sendRaw(targetAt(server.url), { method: 'PUT', path, body, sign });
      expect(response.status).toBeGreaterThanOrEqual(400);
    }
  }
  expect((await readdir(directory)).toSorted()).toEqual(['.tmp', 'contract']);
});

it('says what to do about a taken port', async () => {
  await expect(startS3Server({ ...options, port: server.port })).rejects.toThrow(
    /Port \d+ is taken.*S3_PORT/,
  );
});
