import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where installed services are kept between runs, outside of the repository: `CHARTPROOF_CACHE_DIR` says where. */
export function cacheDirectory(env: Readonly<Record<string, string | undefined>> = process.env): string {
  return (
    env['CHARTPROOF_CACHE_DIR'] || join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'chartproof')
  );
}

/**
 * Makes `name` in the cache once: `make` gets an empty directory, and only when it ends well the directory counts, so
 * that an installation that was broken off is done again.
 */
export async function cached(name: string, make: (directory: string) => Promise<void>): Promise<string> {
  const directory = join(cacheDirectory(), name);
  const marker = join(directory, '.complete');
  if (await exists(marker)) return directory;
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  await make(directory);
  await writeFile(marker, new Date().toISOString());
  return directory;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
