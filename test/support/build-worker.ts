import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** A Worker to run in workerd: its configuration, and where its bundle is kept. */
export interface WorkerBundle {
  /** Both from the root of the repository. */
  readonly config: string;
  readonly directory: string;
}

/** Chartproof as it would be deployed. */
export const CHARTPROOF: WorkerBundle = { config: 'wrangler.toml', directory: 'dist/worker' };
/** The PNG decoder alone. */
export const SCAN_PNG: WorkerBundle = {
  config: 'test/support/scan-png.wrangler.toml',
  directory: 'dist/scan-png',
};

/** Where `buildWorker` leaves the modules, and what wrangler read in the configuration. */
export function builtPaths({ directory }: WorkerBundle): { modules: string; options: string } {
  return { modules: `${ROOT}${directory}`, options: `${ROOT}${directory}.json` };
}

/**
 * Has wrangler make the bundle that it would deploy, and say of the configuration what its own
 * `dev` would tell Miniflare. Both are files, because wrangler takes seconds to load: whoever runs
 * the Worker afterwards (`run-worker.ts`) does without it.
 */
export async function buildWorker(bundle: WorkerBundle): Promise<void> {
  process.env['WRANGLER_SEND_METRICS'] = 'false';
  process.env['WRANGLER_LOG'] = 'error';
  const bundled = promisify(execFile)(
    `${ROOT}node_modules/.bin/wrangler`,
    ['deploy', '--dry-run', '--config', bundle.config, '--outdir', builtPaths(bundle).modules],
    { cwd: ROOT },
  );
  const { unstable_getMiniflareWorkerOptions: read } = await import('wrangler');
  const { workerOptions } = read(`${ROOT}${bundle.config}`);
  await bundled;
  await writeFile(builtPaths(bundle).options, JSON.stringify(workerOptions));
}

/** Vitest's global setup: what the suites run in workerd, made once for all of them. */
export default async function buildWorkers(): Promise<void> {
  await Promise.all([buildWorker(CHARTPROOF), buildWorker(SCAN_PNG)]);
}
