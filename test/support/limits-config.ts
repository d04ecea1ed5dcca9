import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const CONFIG = fileURLToPath(new URL('../../wrangler.toml', import.meta.url));
const ENTRY =
  /^\[\[ratelimits\]\]\nname = "(\w+)"\nnamespace_id = "\d+"\nsimple = \{ limit = (\d+), period = 60 \}\n/gm;
/** No suite gets there. */
const UNLIMITED = 1_000_000;

/** Requests a minute by the name of the binding; null: wrangler.toml without this binding. */
export type Limits = Readonly<Record<string, number | null>>;

/** A copy of wrangler.toml whose limits are these, and out of reach where none is named. */
export async function writeLimitsConfig(
  limits: Limits,
): Promise<{ path: string; remove(): Promise<void> }> {
  const seen = new Set<string>();
  const text = (await readFile(CONFIG, 'utf8')).replaceAll(
    ENTRY,
    (entry, name: string, limit: string) => {
      seen.add(name);
      const wanted = limits[name] === undefined ? UNLIMITED : limits[name];
      return wanted === null ? '' : entry.replace(`limit = ${limit},`, `limit = ${wanted},`);
    },
  );
  const unknown = Object.keys(limits).filter((name) => !seen.has(name));
  if (seen.size === 0 || unknown.length > 0)
    throw new Error(`wrangler.toml has no limit ${unknown.join(', ')}`);
  const directory = await mkdtemp(join(tmpdir(), 'chartproof-limits-'));
  const path = join(directory, 'wrangler.toml');
  await writeFile(path, text);
  return { path, remove: () => rm(directory, { recursive: true, force: true }) };
}
