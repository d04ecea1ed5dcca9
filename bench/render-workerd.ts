import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createTestHarness } from 'wrangler';
import { childrenOf } from './process-cost.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const CONFIG = 'bench/render.wrangler.toml';
const BUNDLE = `${ROOT}dist/bench-render`;
// Miniflare would ask a host of Cloudflare where it is; a benchmark asks nobody.
process.env['CLOUDFLARE_CF_FETCH_ENABLED'] = 'false';

/** A bundle as `wrangler deploy` would make it, with nothing but the renderer in it. */
export function buildRenderWorker(): void {
  const args = ['deploy', '--dry-run', '--config', CONFIG, '--outdir', BUNDLE];
  const env = { ...process.env, WRANGLER_SEND_METRICS: 'false', WRANGLER_LOG: 'error' };
  execFileSync(`${ROOT}node_modules/.bin/wrangler`, args, { cwd: ROOT, env, stdio: 'pipe' });
}

export interface RunningWorker {
  /** Process id of workerd. */
  readonly pid: number;
  readonly url: URL;
  stop(): Promise<void>;
}

/** Starts workerd with a fresh isolate. */
export async function startRenderWorker(): Promise<RunningWorker> {
  const before = new Set(childrenOf(process.pid));
  const harness = createTestHarness({
    root: ROOT,
    workers: [{ configPath: CONFIG, prebuiltWorkerDir: BUNDLE }],
  });
  const { url } = await harness.listen();
  const pid = childrenOf(process.pid).findLast((child) => !before.has(child) && isWorkerd(child));
  if (pid === undefined) throw new Error('workerd did not start');
  return { pid, url, stop: () => harness.close() };
}

function isWorkerd(pid: number): boolean {
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('workerd');
}
