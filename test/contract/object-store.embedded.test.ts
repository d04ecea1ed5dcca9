import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { startS3Server } from '../../scripts/local/s3-server.ts';
import { objectStoreContract } from './object-store.contract.ts';

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

afterAll(async () => {
  await server.close();
  await rm(directory, { recursive: true, force: true });
});

objectStoreContract('embedded', async () => ({
  endpoint: server.url,
  region: options.region,
  accessKeyId: options.accessKey,
  secretAccessKey: options.secretKey,
  bucket: 'contract',
}));

it('never leaves its directory', async () => {
  for (const path of [
    '/contract/../../etc/passwd',
    '/contract/%2e%2e/x',
    '/../x',
    '/contract/..%2Fx',
    '/.tmp/x',
  ]) {
    const response = await fetch(`${server.url}${path}`, { method: 'PUT', body: 'x' });
    expect(response.status).toBeGreaterThanOrEqual(400);
  }
  expect((await readdir(directory)).toSorted()).toEqual(['.tmp', 'contract']);
});

it('says what to do about a taken port', async () => {
  await expect(startS3Server({ ...options, port: server.port })).rejects.toThrow(
    /Port \d+ is taken.*S3_PORT/,
  );
});
