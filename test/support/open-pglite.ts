import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PgliteBackend } from '../../stand-in/sql/pglite-backend.ts';

const PACKAGE = new URL('../../node_modules/@electric-sql/pglite/package.json', import.meta.url);

const EMPTY_DATABASE = `
  do $$
  declare name text;
  begin
    for name in
      select nspname from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema'
    loop
      execute format('drop schema %I cascade', name);
    end loop;
  end $$;
  create schema public`;

/** Of this process, empty, and nobody's: to load one takes far longer than to empty one. */
const idle: PgliteBackend[] = [];

/** An empty database in memory, which whoever is done with it gives back. */
export async function openPglite(): Promise<PgliteBackend> {
  return idle.pop() ?? (await loadPglite());
}

export async function giveBackPglite(backend: PgliteBackend): Promise<void> {
  try {
    // Through the queue of the backend: whatever a closed endpoint had begun is over then.
    await backend.query({ query: 'select 1', params: [] });
    await backend.pglite.exec(EMPTY_DATABASE);
    // Alone, because no transaction may discard; the backend sets the session up again behind it.
    await backend.query({ query: 'discard all', params: [] });
  } catch {
    // One that a suite has crashed is not used again.
    return backend.close().catch(() => {});
  }
  idle.push(backend);
}

/**
 * PGlite takes seconds to make a database and a moment to load one, so the first of a checkout is
 * kept for all others, in `dist/`.
 */
async function loadPglite(): Promise<PgliteBackend> {
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
