import { constants } from 'node:fs';
import { access, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { assertFree } from './listen.ts';
import { PlainError } from './plain-error.ts';

const HOST = '127.0.0.1';
const WORKERD_SCRIPT = fileURLToPath(new URL('start-workerd.sh', import.meta.url));
const CONFIGURATION = fileURLToPath(new URL('../../wrangler.toml', import.meta.url));

/** workerd of a start that was killed ends by itself, a moment later. */
const PORT_DEADLINE_MS = 3_000;
const WATCH_MS = 3_000;
/** Rebuilding and restarting take seconds, more of them on a busy machine. */
const WATCH_MAX_FAILURES = 6;
const START_DEADLINE_MS = 60_000;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface RunningWorker {
  readonly url: string;
  readonly crons: readonly string[];
  close(): Promise<void>;
}

/** Throws `PlainError` when the Worker's port is taken, and not only by a start that was killed just now. */
export function assertWorkerPort(port: number): Promise<void> {
  return assertFree({ host: HOST, port }, { name: 'Worker', variable: 'PORT' }, PORT_DEADLINE_MS);
}

/** Runs the Worker in workerd, rebuilt whenever a source file changes. `variables` come before those of wrangler.toml. */
export async function startWorker(options: {
  readonly port: number;
  readonly stateDirectory: string;
  readonly variables: Readonly<Record<string, string>>;
}): Promise<RunningWorker> {
  // Set before wrangler is loaded: it would ask hosts on the internet and report about itself.
  process.env['CLOUDFLARE_CF_FETCH_ENABLED'] = 'false';
  process.env['WRANGLER_SEND_METRICS'] = 'false';
  process.env['WRANGLER_LOG'] = 'error';
  await useWorkerdScript();
  // A restart is a new colo: what the edge kept would hide what happened to the store meanwhile.
  await rm(join(options.stateDirectory, 'v3', 'cache'), { recursive: true, force: true });
  const ownListeners = new Set(SIGNALS.flatMap((signal) => process.listeners(signal)));
  const { unstable_startWorker, unstable_readConfig } = await import('wrangler');
  const bindings = Object.fromEntries(
    Object.entries(options.variables).map(([name, value]) => [name, { type: 'plain_text' as const, value }]),
  );
  const worker = await unstable_startWorker({
    config: CONFIGURATION,
    bindings,
    dev: {
      server: { hostname: HOST, port: options.port, secure: false },
      persist: options.stateDirectory,
      inspector: false,
      logLevel: 'error',
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

/**
 * A workerd that ends is started again by wrangler, unless both end at once: then nothing answers any more. Calls `onLost`
 * once, after about half a minute without any answer; returns what ends the watch.
 */
export function watchWorker({ url }: RunningWorker, onLost: (error: PlainError) => void): () => void {
  let failures = 0;
  let isAsking = false;
  const timer = setInterval(() => {
    if (isAsking) return;
    isAsking = true;
    void fetch(`${url}/healthz`, { signal: AbortSignal.timeout(WATCH_MS) })
      .then(
        (response) => response.arrayBuffer().then(() => (failures = 0)),
        () => (failures += 1),
      )
      .catch(() => (failures += 1))
      .finally(() => {
        isAsking = false;
        if (failures < WATCH_MAX_FAILURES) return;
        clearInterval(timer);
        onLost(new PlainError('The Worker was ended from outside and did not come back: start again.'));
      });
  }, WATCH_MS);
  timer.unref();
  return () => clearInterval(timer);
}

/** Where there is a shell, workerd is run by a script that ends it together with this process. */
async function useWorkerdScript(): Promise<void> {
  if (process.platform === 'win32' || process.env['MINIFLARE_WORKERD_PATH']) return;
  const isRunnable = await access(WORKERD_SCRIPT, constants.X_OK).then(
    () => true,
    () => false,
  );
  if (!isRunnable) return;
  const { resolve } = createRequire(import.meta.url);
  const { default: workerd } = (await import(createRequire(resolve('miniflare')).resolve('workerd'))) as {
    default: string | { default: string };
  };
  process.env['CHARTPROOF_WORKERD'] = typeof workerd === 'string' ? workerd : workerd.default;
  process.env['MINIFLARE_WORKERD_PATH'] = WORKERD_SCRIPT;
}

async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new PlainError('The Worker does not start: try again, or look with DEBUG=1 npm start.')),
      milliseconds,
    );
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
