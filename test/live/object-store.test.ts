import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { buildMinio, minioCommand } from '../../scripts/live/minio.ts';
import { freePort } from '../../scripts/live/start-server.ts';
import { ensureBucket } from '../../scripts/seed/ensure-bucket.ts';
import { MINIO_DIFFERENCES, type MinioDifference } from '../contract/object-store-differences.ts';
import type { KillableS3 } from '../contract/object-store-session.ts';
import { objectStoreContract } from '../contract/object-store.contract.ts';
import { startKillableServer } from '../support/killable-server.ts';
import { liveStore, removeBucket } from '../support/live-services.ts';

const bucket = `contract-${randomUUID().slice(0, 8)}`;

beforeAll(() => ensureBucket(liveStore(), bucket));
afterAll(() => removeBucket(liveStore(), bucket));

objectStoreContract('MinIO', {
  open: async () => ({ ...liveStore(), bucket }),
  // Somebody's own MinIO is not killed, and to have one may be why Go is not there to build
  // another.
  openKillable: process.env['MINIO_IS_GIVEN'] === undefined ? openMinio : null,
  differences: Object.keys(MINIO_DIFFERENCES) as MinioDifference[],
});

/** One of the test's own: the one that all suites share is not killed. */
async function openMinio(): Promise<KillableS3> {
  const directory = await mkdtemp(join(tmpdir(), 'chartproof-minio-kill-'));
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const command = minioCommand(await buildMinio({ say: () => {} }), port, directory);
  const server = await startKillableServer({
    ...command,
    readyUrl: `${endpoint}/minio/health/ready`,
  });
  const target = {
    endpoint,
    region: command.env.MINIO_REGION,
    accessKeyId: command.env.MINIO_ROOT_USER,
    secretAccessKey: command.env.MINIO_ROOT_PASSWORD,
    bucket: 'killed',
  };
  await ensureBucket(target, target.bucket);
  return {
    target,
    kill: () => server.kill(),
    restart: () => server.restart(),
    close: async () => {
      await server.kill();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
