import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createTestHarness } from 'wrangler';
import { childrenOf } from './process-cost.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
// Miniflare would ask a host of Cloudflare where it is; a benchmark asks nobody.
process.env['CLOUDFLARE_CF_FETCH_ENABLED'] = 'false';

/** Which part of Chartproof runs alone: `bench/<part>.wrangler.toml`. */
export type BenchPart = 'render' | 'decode';

function placesOf(part: BenchPart): { config: string; bundle: string } {
  return { config: `bench/${part}.wrangler.toml`, bundle: `${ROOT}dist/bench-${part}` };
}

/** A bundle as `wrangler deploy` would make it, with nothing but that part in it. */
export function buildBenchWorker(part: BenchPart): void {
  const { config, bundle } = placesOf(part);
  const args = ['deploy', '--dry-run', '--config', config, '--outdir', bundle];
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
export async function startBenchWorker(part: BenchPart): Promise<RunningWorker> {
  const { config, bundle } = placesOf(part);
  const before = new Set(childrenOf(process.pid));
  const harness = createTestHarness({
    root: ROOT,
    workers: [{ configPath: config, prebuiltWorkerDir: bundle }],
  });
  const { url } = await harness.listen();
  const pid = childrenOf(process.pid).findLast((child) => !before.has(child) && isWorkerd(child));
  if (pid === undefined) throw new Error('workerd did not start');
  return { pid, url, stop: () => harness.close() };
}

function isWorkerd(pid: number): boolean {
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('workerd');
}
