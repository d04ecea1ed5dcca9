import { execFileSync } from 'node:child_process';
import { constants, existsSync, readFileSync } from 'node:fs';
import { access, mkdir, readdir, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('start-workerd.sh', import.meta.url));

/**
 * Ends what an earlier start on this state left of workerd, and has the next ones run by
 * `start-workerd.sh`, which ends them together with this process. Only who holds the lock of the
 * state may call it. Nothing happens where there is no shell, or where MINIFLARE_WORKERD_PATH names
 * another workerd.
 */
export async function guardWorkerd(stateDirectory: string): Promise<void> {
  const isRunnable = await access(SCRIPT, constants.X_OK).then(
    () => true,
    () => false,
  );
  if (process.platform === 'win32' || !isRunnable || process.env['MINIFLARE_WORKERD_PATH']) return;
  await endWorkerds(stateDirectory);
  const ids = idsOf(stateDirectory);
  process.env['CHARTPROOF_WORKERD_IDS'] = ids;
  process.env['CHARTPROOF_WORKERD'] = await workerdPath();
  process.env['MINIFLARE_WORKERD_PATH'] = SCRIPT;
}

/** Ends every workerd of this state. */
export async function endWorkerds(stateDirectory: string): Promise<void> {
  const ids = idsOf(stateDirectory);
  for (const id of await livingWorkerds(stateDirectory)) process.kill(id, 'SIGKILL');
  await rm(ids, { recursive: true, force: true });
  await mkdir(ids, { recursive: true });
}

/** Process ids; empty where nobody writes them down (Windows, or another workerd). */
export async function livingWorkerds(stateDirectory: string): Promise<number[]> {
  const ids = idsOf(stateDirectory);
  const names = await readdir(ids).catch(() => []);
  return names.map(Number).filter((id) => isWorkerdOf(id, ids));
}

function idsOf(stateDirectory: string): string {
  return join(stateDirectory, 'workerd');
}

/**
 * Numbers of processes are given again: it must be workerd, and one of this state where the system
 * tells.
 */
function isWorkerdOf(id: number, ids: string): boolean {
  try {
    if (existsSync('/proc/self/environ')) {
      const environment = readFileSync(`/proc/${id}/environ`, 'utf8').split('\0');
      if (!environment.includes(`CHARTPROOF_WORKERD_IDS=${ids}`)) return false;
      return readFileSync(`/proc/${id}/cmdline`, 'utf8').includes('workerd');
    }
    return execFileSync('ps', ['-o', 'args=', '-p', String(id)], { encoding: 'utf8' }).includes(
      'workerd',
    );
  } catch {
    return false;
  }
}

/** Of the workerd that Miniflare would run by itself. */
async function workerdPath(): Promise<string> {
  const miniflare = createRequire(import.meta.url).resolve('miniflare');
  const module = (await import(createRequire(miniflare).resolve('workerd'))) as {
    default: string | { default: string };
  };
  return typeof module.default === 'string' ? module.default : module.default.default;
}
