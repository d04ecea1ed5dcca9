import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildMinio, minioCommand } from '../../scripts/live/minio.ts';
import { freePort } from '../../scripts/live/start-server.ts';
import { ensureBucket } from '../../scripts/seed/ensure-bucket.ts';
import { startKillableServer } from '../support/killable-server.ts';
import { liveStore, removeBucket } from '../support/live-services.ts';
import type { KillableS3, StoreUnderTest } from './object-store-session.ts';

/** A bucket of its own on the MinIO that all suites share. */
export async function openMinio(): Promise<StoreUnderTest> {
  const bucket = `contract-${randomUUID().slice(0, 8)}`;
  await ensureBucket(liveStore(), bucket);
  return {
    target: { ...liveStore(), bucket },
    close: () => removeBucket(liveStore(), bucket),
  };
}

/** A MinIO of the test's own: the one that all suites share is not killed. */
export async function openKillableMinio(): Promise<KillableS3> {
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
