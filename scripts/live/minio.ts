import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PlainError } from '../../stand-in/plain-error.ts';
import { cached } from './cache-directory.ts';
import type { LiveOptions, LiveService, LiveServiceKind } from './live-service.ts';
import { runCommand } from './run-command.ts';
import { freePort, startServer } from './start-server.ts';

/** The last release that was published as a Go module; there are no binaries of it. */
const VERSION = 'v0.0.0-20260212201848-7aac2a2c5b7c';
const GO_NEEDED = [1, 24] as const;
const START_DEADLINE_MS = 60_000;
const REGION = 'us-east-1';
const ACCESS_KEY = 'minioadmin';
const SECRET_KEY = 'minioadmin';

/** A real MinIO server over an empty directory. Built into the cache the first time. */
async function startMinio({ say, onLost }: LiveOptions): Promise<LiveService> {
  const binary = await buildMinio({ say });
  const directory = await mkdtemp(join(tmpdir(), 'chartproof-minio-'));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  say(`Starting MinIO at ${url} …`);
  const stop = await startServer({
    title: 'MinIO',
    ...minioCommand(binary, port, join(directory, 'data')),
    cwd: directory,
    isReady: async () =>
      (await fetch(`${url}/minio/health/ready`, { signal: AbortSignal.timeout(2_000) })).ok,
    onLost,
    deadlineMs: START_DEADLINE_MS,
  }).catch(async (error: unknown) => {
    await rm(directory, { recursive: true, force: true });
    throw error;
  });
  return {
    variables: {
      MINIO_ENDPOINT: url,
      MINIO_ACCESS_KEY: ACCESS_KEY,
      MINIO_SECRET_KEY: SECRET_KEY,
      MINIO_REGION: REGION,
    },
    close: async () => {
      await stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** How a server over `directory` is started, and what it then takes. */
export function minioCommand(binary: string, port: number, directory: string) {
  return {
    command: binary,
    args: ['server', '--quiet', '--address', `127.0.0.1:${port}`, directory],
    env: {
      MINIO_ROOT_USER: ACCESS_KEY,
      MINIO_ROOT_PASSWORD: SECRET_KEY,
      MINIO_REGION: REGION,
      MINIO_BROWSER: 'off',
      // It would look for a newer release.
      MINIO_UPDATE: 'off',
    },
  };
}

/** Gives the path of the binary. */
export async function buildMinio({ say }: LiveOptions): Promise<string> {
  const directory = await cached(`minio-${VERSION}`, say, async (own) => {
    await assertGo();
    say(`Building MinIO ${VERSION} into ${own}: 4 to 6 minutes on two cores, once …`);
    await runCommand(
      'go',
      ['install', '-trimpath', '-ldflags=-s -w', `github.com/minio/minio@${VERSION}`],
      // A newer Go would otherwise be fetched where the module asks for one.
      { env: { GOBIN: own, GOTOOLCHAIN: 'local' } },
    );
  });
  return join(directory, 'minio');
}

async function assertGo(): Promise<void> {
  const instead = `install it from https://go.dev/dl, or give a MinIO of your own: MINIO_ENDPOINT, MINIO_ACCESS_KEY and MINIO_SECRET_KEY (docker compose up -d minio starts one)`;
  const needed = GO_NEEDED.join('.');
  const said = await runCommand('go', ['version']).catch(() => null);
  if (said === null)
    throw new PlainError(
      `MinIO is built with Go ${needed} or newer, which is not there: ${instead}.`,
    );
  const [, major = '0', minor = '0'] = /go(\d+)\.(\d+)/.exec(said) ?? [];
  const isEnough =
    Number(major) > GO_NEEDED[0] ||
    (Number(major) === GO_NEEDED[0] && Number(minor) >= GO_NEEDED[1]);
  if (!isEnough)
    throw new PlainError(`MinIO needs Go ${needed} or newer, not ${major}.${minor}: ${instead}.`);
}

export const minio: LiveServiceKind = {
  name: 'minio',
  title: 'MinIO',
  variable: 'MINIO_ENDPOINT',
  also: ['MINIO_ACCESS_KEY', 'MINIO_SECRET_KEY'],
  install: async (options) => {
    await buildMinio(options);
  },
  start: startMinio,
};
