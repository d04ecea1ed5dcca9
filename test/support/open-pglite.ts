import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PgliteBackend } from '../../stand-in/sql/pglite-backend.ts';

const PACKAGE = new URL('../../node_modules/@electric-sql/pglite/package.json', import.meta.url);

/**
 * An empty database in memory. PGlite takes seconds to make one and a moment to load one, so the
 * first of a checkout is kept for all others, in `dist/`.
 */
export async function openPglite(): Promise<PgliteBackend> {
  const { version } = JSON.parse(await readFile(PACKAGE, 'utf8')) as { version: string };
  const path = fileURLToPath(new URL(`../../dist/pglite-${version}.tar`, import.meta.url));
  const kept = await readFile(path).catch(() => null);
  if (kept !== null) return PgliteBackend.load(new Blob([kept]));
  const backend = await PgliteBackend.open();
  const dump = await backend.pglite.dumpDataDir('none');
  // Beside and renamed: another process that looks meanwhile finds none or a whole one.
  const beside = `${path}.${randomUUID()}`;
  await mkdir(dirname(path), { recursive: true });
  await writeFile(beside, Buffer.from(await dump.arrayBuffer()));
  await rename(beside, path);
  return backend;
}
