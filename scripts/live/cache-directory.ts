import { mkdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { systemCode } from '../../stand-in/plain-error.ts';

/**
 * Where installed services are kept between runs, outside of the repository: `CHARTPROOF_CACHE_DIR`
 * says where.
 */
export function cacheDirectory(
  env: Readonly<Record<string, string | undefined>> = process.env,
): string {
  return (
    env['CHARTPROOF_CACHE_DIR'] ||
    join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'chartproof')
  );
}

const PAUSE_MS = 500;
const TOUCH_MS = 5_000;
const STALE_MS = 30_000;

/**
 * Makes `name` in the cache once: `make` gets an empty directory, and only when it ends well the
 * directory counts, so that an installation that was broken off is done again. Two processes take
 * turns; the second finds it done.
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

/**
 * A directory that only one can make. Who holds it touches it again and again; one that nobody has
 * touched for a while was left by a process that is gone, and is taken away by whoever renames it
 * first.
 */
async function lock(path: string, onWait: () => void): Promise<() => Promise<void>> {
  for (let hasSaid = false; ;) {
    try {
      await mkdir(path);
      break;
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw error;
    }
    const touchedAt = await stat(path).then(
      ({ mtimeMs }) => mtimeMs,
      () => Date.now(),
    );
    if (Date.now() - touchedAt > STALE_MS) {
      const away = `${path}.${process.pid}`;
      await rename(path, away).catch(() => {});
      await rm(away, { recursive: true, force: true });
      continue;
    }
    if (!hasSaid) onWait();
    hasSaid = true;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  const touch = setInterval(
    () => void utimes(path, new Date(), new Date()).catch(() => {}),
    TOUCH_MS,
  );
  touch.unref();
  return async () => {
    clearInterval(touch);
    await rm(path, { recursive: true, force: true });
  };
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
