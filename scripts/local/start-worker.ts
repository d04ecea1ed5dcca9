import { constants } from 'node:fs';
import { access, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PlainError, systemCode } from './plain-error.ts';

const WORKERD_SCRIPT = fileURLToPath(new URL('start-workerd.sh', import.meta.url));
const CONFIGURATION = fileURLToPath(new URL('../../wrangler.toml', import.meta.url));

/** workerd of a start that was killed ends by itself, a moment later. */
const PORT_DEADLINE_MS = 3_000;
const PORT_RETRY_MS = 50;
const START_DEADLINE_MS = 60_000;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface RunningWorker {
  readonly url: string;
  readonly crons: readonly string[];
  close(): Promise<void>;
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
  await untilFree(options.port);
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
      server: { hostname: '127.0.0.1', port: options.port, secure: false },
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
    url: `http://127.0.0.1:${options.port}`,
    crons: triggers.crons ?? [],
    close: () => worker.dispose(),
  };
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

async function untilFree(port: number): Promise<void> {
  const deadline = Date.now() + PORT_DEADLINE_MS;
  for (;;) {
    const fault = await portFault(port);
    if (fault === null) return;
    if (systemCode(fault) !== 'EADDRINUSE')
      throw new PlainError(`The Worker cannot listen on port ${port}: ${fault.message}`);
    if (Date.now() > deadline) {
      throw new PlainError(
        `Port ${port} is taken, so the Worker cannot start: stop what uses it, or set PORT to another port.`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, PORT_RETRY_MS));
  }
}

async function portFault(port: number): Promise<Error | null> {
  const probe = createServer();
  const fault = await new Promise<Error | null>((resolve) => {
    probe.once('error', resolve);
    probe.listen(port, '127.0.0.1', () => resolve(null));
  });
  if (fault === null) await new Promise((resolve) => probe.close(resolve));
  return fault;
}
