import { mkdir, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { cached, cacheDirectory } from '../../../../scripts/live/cache-directory.ts';

let directory: string;
const said: string[] = [];
const say = (line: string) => void said.push(line);

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'chartproof-cache-'));
  vi.stubEnv('CHARTPROOF_CACHE_DIR', directory);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(directory, { recursive: true, force: true });
});

it('is where the environment says', () => {
  expect(cacheDirectory({ CHARTPROOF_CACHE_DIR: '/a' })).toBe('/a');
  expect(cacheDirectory({ XDG_CACHE_HOME: '/x' })).toBe('/x/chartproof');
  expect(cacheDirectory({})).toMatch(/\.cache\/chartproof$/);
});

it('makes a thing once for everybody who comes at the same time', async () => {
  let made = 0;
  const make = async (own: string) => {
    made += 1;
    await new Promise((resolve) => setTimeout(resolve, 50));
    await writeFile(join(own, 'thing'), 'whole');
  };
  const paths = await Promise.all([1, 2, 3].map(() => cached('thing', say, make)));
  expect(made).toBe(1);
  expect(new Set(paths)).toEqual(new Set([join(directory, 'thing')]));
  expect(await readFile(join(directory, 'thing', 'thing'), 'utf8')).toBe('whole');
  expect(said).toEqual(
    Array.from({ length: 2 }, () => 'Another process is installing thing; waiting for it …'),
  );
});

it('makes again what was broken off, and takes the lock of one who is gone', async () => {
  const failing = cached('broken', say, async (own) => {
    await writeFile(join(own, 'half'), 'half');
    throw new Error('no network');
  });
  await expect(failing).rejects.toThrow('no network');
  const lock = join(directory, 'broken.lock');
  await mkdir(lock);
  const longAgo = new Date(Date.now() - 60_000);
  await utimes(lock, longAgo, longAgo);
  const path = await cached('broken', say, async (own) => {
    await writeFile(join(own, 'thing'), 'whole');
  });
  await expect(readFile(join(path, 'half'))).rejects.toThrow('ENOENT');
  expect(await readFile(join(path, 'thing'), 'utf8')).toBe('whole');
});
