import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PlainError } from '../../stand-in/plain-error.ts';
import { cached } from './cache-directory.ts';
import type { LiveOptions, LiveService, LiveServiceKind } from './live-service.ts';
import { runCommand } from './run-command.ts';
import { freePort, startServer } from './start-server.ts';

const VERSION = '3.17.2';
const START_DEADLINE_MS = 120_000;

/**
 * A real MLflow tracking server over a fresh SQLite database. Installs it into the cache the first
 * time.
 */
export async function startMlflow({ say, onLost }: LiveOptions): Promise<LiveService> {
  const environment = await installMlflow({ say });
  const directory = await mkdtemp(join(tmpdir(), 'chartproof-mlflow-'));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  say(`Starting MLflow ${VERSION} at ${url} …`);
  const stop = await startServer({
    title: 'MLflow',
    command: join(environment, 'venv', 'bin', 'mlflow'),
    args: [
      'server',
      `--backend-store-uri=sqlite:///${join(directory, 'mlflow.db')}`,
      `--artifacts-destination=${join(directory, 'artifacts')}`,
      '--host=127.0.0.1',
      `--port=${port}`,
      '--workers=1',
    ],
    cwd: directory,
    env: { MLFLOW_SERVER_ENABLE_JOB_EXECUTION: 'false', MLFLOW_DISABLE_TELEMETRY: 'true' },
    // `/health` answers before the database is made.
    isReady: async () => {
      const response = await fetch(`${url}/api/2.0/mlflow/experiments/search`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"max_results": 1}',
        signal: AbortSignal.timeout(2_000),
      });
      return response.ok && (await response.text()).includes('experiments');
    },
    onLost,
    deadlineMs: START_DEADLINE_MS,
  }).catch(async (error: unknown) => {
    await rm(directory, { recursive: true, force: true });
    throw error;
  });
  return {
    variables: { MLFLOW_TRACKING_URI: url },
    close: async () => {
      await stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Gives the directory of the virtual environment. */
function installMlflow({ say }: LiveOptions): Promise<string> {
  return cached(`mlflow-${VERSION}`, say, async (directory) => {
    say(`Installing MLflow ${VERSION} into ${directory}: about a minute, once …`);
    const uv = await findUv(say);
    await runCommand(uv, ['venv', '--quiet', join(directory, 'venv')]);
    const python = join(directory, 'venv', 'bin', 'python');
    await runCommand(uv, ['pip', 'install', '--quiet', '--python', python, `mlflow==${VERSION}`]);
  });
}

/** uv on the PATH, or one of our own: pip alone takes a minute and a half longer. */
async function findUv(say: (line: string) => void): Promise<string> {
  const onPath = await runCommand('uv', ['--version']).then(
    () => true,
    () => false,
  );
  if (onPath) return 'uv';
  const directory = await cached('uv', say, async (own) => {
    say(`Installing uv into ${own} …`);
    try {
      await runCommand('python3', ['-m', 'venv', join(own, 'venv')]);
    } catch (error) {
      throw new PlainError(
        `MLflow needs Python 3.10 or newer with its venv module (Debian: apt install python3-venv), or uv on the PATH. ${String(error instanceof Error ? error.message : error)}`,
      );
    }
    await runCommand(join(own, 'venv', 'bin', 'pip'), [
      'install',
      '--quiet',
      '--disable-pip-version-check',
      'uv',
    ]);
  });
  return join(directory, 'venv', 'bin', 'uv');
}

export const mlflow: LiveServiceKind = {
  name: 'mlflow',
  title: `MLflow ${VERSION}`,
  variable: 'LIVE_MLFLOW_URL',
  also: [],
  install: async (options) => {
    await installMlflow(options);
  },
  start: startMlflow,
};
