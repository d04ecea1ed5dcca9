import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { assertFree } from '../../stand-in/listen.ts';
import { PlainError } from '../../stand-in/plain-error.ts';
import { guardWorkerd } from './start-workerd.ts';
import type { WorkerLog, WorkerMessage } from './worker-log.ts';

const HOST = '127.0.0.1';
const CONFIGURATION = fileURLToPath(new URL('../../wrangler.toml', import.meta.url));

/** workerd of a start that was killed ends by itself, a moment later. */
const PORT_DEADLINE_MS = 3_000;
const START_DEADLINE_MS = 60_000;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface RunningWorker {
  readonly url: string;
  readonly crons: readonly string[];
  close(): Promise<void>;
}

/**
 * Makes sure that `startWorker` can: ends what a killed start left, and throws `PlainError` when
 * the port is taken, and not only by what is just ending.
 */
export async function prepareWorker(options: {
  readonly port: number;
  readonly stateDirectory: string;
}): Promise<void> {
  await guardWorkerd(options.stateDirectory);
  const at = { host: HOST, port: options.port };
  await assertFree(at, { name: 'Worker', variable: 'PORT' }, PORT_DEADLINE_MS);
}

/**
 * Runs the Worker in workerd, rebuilt whenever a source file changes. `variables` come before those
 * of wrangler.toml. For a process of its own (`worker-host.ts`): wrangler does not get over the
 * death of its workerd more than once.
 */
export async function startWorker(options: {
  readonly port: number;
  readonly stateDirectory: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly log: WorkerLog;
}): Promise<RunningWorker> {
  // Set before wrangler is loaded: it would ask hosts on the internet and report about itself.
  process.env['CLOUDFLARE_CF_FETCH_ENABLED'] = 'false';
  process.env['WRANGLER_SEND_METRICS'] = 'false';
  process.env['WRANGLER_LOG'] = 'error';
  // A restart is a new colo: what the edge kept would hide what happened to the store meanwhile.
  await rm(join(options.stateDirectory, 'v3', 'cache'), { recursive: true, force: true });
  const ownListeners = new Set(SIGNALS.flatMap((signal) => process.listeners(signal)));
  const { unstable_startWorker, unstable_readConfig } = await import('wrangler');
  const bindings = Object.fromEntries(
    Object.entries(options.variables).map(([name, value]) => [
      name,
      { type: 'plain_text' as const, value },
    ]),
  );
  const worker = await unstable_startWorker({
    config: CONFIGURATION,
    bindings,
    dev: {
      server: { hostname: HOST, port: options.port, secure: false },
      persist: options.stateDirectory,
      inspector: false,
      logLevel: 'error',
      structuredLogsHandler: (message: WorkerMessage) => options.log.take(message),
    },
  });
  await within(START_DEADLINE_MS, worker.ready);
  // Miniflare ends the process inside a signal's handler, before the database could be closed.
  for (const signal of SIGNALS) {
    for (const listener of process.listeners(signal)) {
      if (!ownListeners.has(listener)) process.off(signal, listener);
    }
  }
  const { triggers } = unstable_readConfig({ config: CONFIGURATION }, { hideWarnings: true });
  return {
    url: `http://${HOST}:${options.port}`,
    crons: triggers.crons ?? [],
    close: () => worker.dispose(),
  };
}

async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () =>
        reject(
          new PlainError('The Worker does not start: try again, or look with DEBUG=1 npm start.'),
        ),
      milliseconds,
    );
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
