import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { LocalServer } from '../../../../stand-in/listen.ts';
import { startS3Server, type S3ServerOptions } from '../../../../stand-in/s3/server.ts';
import { sendRaw } from '../../../contract/object-store-request.ts';

/** What real stores are not asked: the rest is in `test/contract/object-store.contract.ts`. */
let options: S3ServerOptions;
let server: LocalServer;
beforeAll(async () => {
  options = {
    directory: await mkdtemp(join(tmpdir(), 'chartproof-s3-')),
    host: '127.0.0.1',
    port: 0,
    accessKey: 'contract-key',
    secretKey: 'contract-secret',
    region: 'us-east-1',
    buckets: ['contract'],
  };
  server = await startS3Server(options);
});
afterAll(async () => {
  await server.close();
  await rm(options.directory, { recursive: true, force: true });
});

it('never leaves its directory', async () => {
  const access = {
    endpoint: server.url,
    region: options.region,
    accessKeyId: options.accessKey,
    secretAccessKey: options.secretKey,
  };
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
      const response = await sendRaw(access, { method: 'PUT', path, body, sign });
      expect(response.status).toBeGreaterThanOrEqual(400);
    }
  }
  expect((await readdir(options.directory)).toSorted()).toEqual(['.tmp', 'contract']);
});

it('says what to do about a taken port', async () => {
  await expect(startS3Server({ ...options, port: server.port })).rejects.toThrow(
    /Port \d+ is taken.*S3_PORT/,
  );
});
