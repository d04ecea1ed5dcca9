import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createServer } from 'node:net';
import { PlainError, systemCode } from './plain-error.ts';

const CONFIGURATION = fileURLToPath(new URL('../../wrangler.toml', import.meta.url));

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
  await assertFree(options.port);
  // A restart is a new colo: what the edge kept would hide what happened to the store meanwhile.
  await rm(join(options.stateDirectory, 'v3', 'cache'), { recursive: true, force: true });
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
  await worker.ready;
  const { triggers } = unstable_readConfig({ config: CONFIGURATION }, { hideWarnings: true });
  return {
    url: `http://127.0.0.1:${options.port}`,
    crons: triggers.crons ?? [],
    close: () => worker.dispose(),
  };
}

async function assertFree(port: number): Promise<void> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once('error', (error) => {
      const isTaken = systemCode(error) === 'EADDRINUSE';
      reject(
        new PlainError(
          isTaken
            ? `Port ${port} is taken, so the Worker cannot start: stop what uses it, or set PORT to another port.`
            : `The Worker cannot listen on port ${port}: ${error.message}`,
        ),
      );
    });
    probe.listen(port, '127.0.0.1', resolve);
  });
  await new Promise((resolve) => probe.close(resolve));
}
