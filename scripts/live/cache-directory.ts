import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { systemCode } from '../local/plain-error.ts';

/** Where installed services are kept between runs, outside of the repository: `CHARTPROOF_CACHE_DIR` says where. */
export function cacheDirectory(env: Readonly<Record<string, string | undefined>> = process.env): string {
  return (
    env['CHARTPROOF_CACHE_DIR'] || join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'chartproof')
  );
}

const PAUSE_MS = 500;

/**
 * Makes `name` in the cache once: `make` gets an empty directory, and only when it ends well the directory counts, so
 * that an installation that was broken off is done again. Two processes take turns; the second finds it done.
 */
export async function cached(
  name: string,
  say: (line: string) => void,
  make: (directory: string) => Promise<void>,
): Promise<string> {
  const directory = join(cacheDirectory(), name);
  const marker = join(directory, '.complete');
  if (await exists(marker)) return directory;
  await mkdir(cacheDirectory(), { recursive: true });
  const release = await lock(`${directory}.lock`, () =>
    say(`Another process is installing ${name}; waiting for it …`),
  );
  try {
    if (await exists(marker)) return directory;
    await rm(directory, { recursive: true, force: true });
    await mkdir(directory, { recursive: true });
    await make(directory);
    await writeFile(marker, new Date().toISOString());
    return directory;
  } finally {
    await release();
  }
}

/** A file with the id of the process that holds it; one that was left by a process that is gone counts for nothing. */
async function lock(path: string, onWait: () => void): Promise<() => Promise<void>> {
  for (let hasSaid = false; ;) {
    try {
      await writeFile(path, String(process.pid), { flag: 'wx' });
      return () => rm(path, { force: true });
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw error;
    }
    const holder = Number(await readFile(path, 'utf8').catch(() => ''));
    if (holder > 0 && !isRunning(holder)) await rm(path, { force: true });
    else {
      if (!hasSaid) onWait();
      hasSaid = true;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === 'EPERM';
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
