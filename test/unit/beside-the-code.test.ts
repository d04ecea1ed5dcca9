import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'stand-in/README.md',
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];
/** `image/picture.ts`: of the repository, of src, or of the chart's room. */
const FILE = /`((?:[a-z-]+\/)+[a-z0-9_.-]+\.(?:tsx?|md|sql|toml|sh|py))`/g;
const LINK = /\]\((?!https?:|#|mailto:)([^)#]+)/g;
/** Files that a recipe makes. */
const MADE = /williams-r\.ts$/;

function read(page: string): string {
  return readFileSync(join(ROOT, page), 'utf8');
}

describe('the documentation', () => {
  it.each(PAGES)('names files that are there: %s', (page) => {
    const named = [...read(page).matchAll(FILE)].flatMap(([, path]) => path ?? []);
    const missing = named.filter(
      (path) =>
        !MADE.test(path) &&
        ![path, `src/${path}`, `src/chart/${path}`].some((one) => existsSync(join(ROOT, one))),
    );
    expect(missing).toEqual([]);
  });

  it.each(PAGES)('has links that lead somewhere: %s', (page) => {
    const links = [...read(page).matchAll(LINK)].flatMap(([, path]) => path ?? []);
    const dead = links.filter((path) => !existsSync(join(ROOT, page, '..', path)));
    expect(dead).toEqual([]);
  });
});

describe('migrations', () => {
  const journal = JSON.parse(read('migrations/meta/_journal.json')) as {
    readonly entries: readonly {
      readonly idx: number;
      readonly tag: string;
      readonly when: number;
    }[];
  };

  it('are all in the journal, which is what is run', () => {
    const files = readdirSync(join(ROOT, 'migrations')).filter((name) => name.endsWith('.sql'));
    expect(journal.entries.map(({ tag }) => `${tag}.sql`)).toEqual(files.toSorted());
  });

  it('are numbered, and each is newer than the one before', () => {
    for (const [i, { idx, tag, when }] of journal.entries.entries()) {
      expect(idx).toBe(i);
      expect(tag.startsWith(`${String(i).padStart(4, '0')}_`)).toBe(true);
      expect(when).toBeGreaterThan(journal.entries[i - 1]?.when ?? 0);
    }
  });
});
