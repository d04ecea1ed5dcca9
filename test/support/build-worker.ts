import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../../', import.meta.url));
export const WORKER_DIRECTORY = `${root}dist/worker`;

/**
 * Vitest's global setup: the bundle that would be deployed, built once for all suites that run it
 * in workerd.
 */
export default async function buildWorker(): Promise<void> {
  await promisify(execFile)(
    `${root}node_modules/.bin/wrangler`,
    ['deploy', '--dry-run', '--outdir', WORKER_DIRECTORY],
    { cwd: root, env: { ...process.env, WRANGLER_SEND_METRICS: 'false', WRANGLER_LOG: 'error' } },
  );
}
