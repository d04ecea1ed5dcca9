import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const SOURCE = fileURLToPath(new URL('../../src/', import.meta.url));

/**
 * The house from the ground up. A room (a folder, or a file beside them) imports from lower levels
 * only, types included; rooms of one level do not know each other. docs/architecture.md draws it.
 */
const LEVELS: readonly (readonly string[])[] = [
  ['errors', 'digest', 'concurrency'],
  ['config', 'observability'],
  ['http', 'storage', 'bars', 'png', 'jpeg', 'upstream'],
  ['mlflow', 'airflow', 'chart', 'health'],
  ['artifact', 'document'],
  ['lineage', 'image'],
  ['catalog', 'metrics'],
  ['workflow'],
  ['ui'],
  ['services'],
  ['app', 'scheduled'],
  ['index'],
];
const LEVEL_OF = new Map(LEVELS.flatMap((rooms, level) => rooms.map((room) => [room, level])));

/** One vendor, one owner: which files may import a package. */
const VENDORS: Record<string, (file: string) => boolean> = {
  '@neondatabase/serverless': (file) => file.startsWith('storage/'),
  aws4fetch: (file) => file.startsWith('storage/'),
  'fast-xml-parser': (file) => file.startsWith('storage/'),
  'drizzle-orm': (file) =>
    file.startsWith('storage/') ||
    /\.(table|repository)\.ts$/.test(file) ||
    // The status rule stands in both languages side by side.
    file === 'lineage/lineage-status.ts',
  satori: (file) => file.startsWith('chart/'),
  '@resvg/resvg-wasm': (file) => file.startsWith('chart/'),
  technicalindicators: (file) => file.startsWith('chart/'),
  canonicalize: (file) => file === 'image/picture.ts' || file === 'png/provenance.ts',
  zod: (file) => file.endsWith('.schema.ts') || file === 'config.ts',
  '@hono/zod-openapi': (file) => /\.(routes|schema)\.tsx?$/.test(file) || file === 'app.ts',
  jose: (file) => file === 'http/auth.ts',
  hono: (file) => isOfHono(file),
};
const PLATFORM = /^(node:|cloudflare:)/;

/** A fetch to somebody else needs a deadline and follows no redirect, so it has few owners. */
const FETCHING = [
  'mlflow/mlflow-transport.ts',
  'storage/database.ts',
  'storage/s3-object-store.ts',
];

const LINE_MAX_CHARACTERS = 100;
/** SQL, patterns and sentences that a line break would not make easier to read. */
const LONG_LINES_MAX_SHARE = 0.01;
const FILE_MAX_LINES = 300;
const FILE_MEDIAN_MAX_LINES = 80;

/**
 * `import x from 'y'`, `import 'y'`, `export { x } from 'y'`, `import('y')`; a constant that is
 * exported is none of these.
 */
const IMPORT =
  /^(?:import\s+(?:type\s)?(?:[^'";]*?\sfrom\s+)?|export\s+(?:type\s)?[{*][^'";]*?\sfrom\s+)'([^']+)'|\bimport\('([^']+)'\)/gm;

interface Import {
  readonly file: string;
  readonly target: string;
}

const texts = new Map(
  readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name) && !name.endsWith('.d.ts'))
    .map((name) => [name, readFileSync(join(SOURCE, name), 'utf8')]),
);
const files = [...texts.keys()];
const imports: Import[] = [...texts].flatMap(([file, text]) =>
  [...text.matchAll(IMPORT)].map((match) => ({ file, target: match[1] ?? match[2] ?? '' })),
);

function isOfHono(file: string): boolean {
  return (
    file.startsWith('http/') ||
    file.startsWith('ui/') ||
    /\.routes\.tsx?$/.test(file) ||
    file === 'app.ts'
  );
}

function roomOf(file: string): string {
  return file.includes('/') ? (file.split('/')[0] ?? '') : file.replace(/\.tsx?$/, '');
}

function inSource(item: Import): string {
  return relative(SOURCE, resolve(SOURCE, dirname(item.file), item.target));
}

function levelOf(file: string): number {
  return LEVEL_OF.get(roomOf(file)) ?? Number.NaN;
}

function packageOf(target: string): string {
  return target
    .split('/')
    .slice(0, target.startsWith('@') ? 2 : 1)
    .join('/');
}

function linesOf(text: string): string[] {
  return text.trimEnd().split('\n');
}

describe('the house', () => {
  it('is read by this test', () => {
    expect(files).toContain('index.ts');
    expect(imports.length).toBeGreaterThan(100);
  });

  it('has no room that the levels do not know', () => {
    expect([...new Set(files.map(roomOf))].filter((room) => !LEVEL_OF.has(room))).toEqual([]);
  });

  it('imports downwards only, types too', () => {
    const wrong = imports.filter((item) => {
      if (!item.target.startsWith('.')) return false;
      const target = inSource(item);
      return roomOf(item.file) !== roomOf(target) && levelOf(item.file) <= levelOf(target);
    });
    expect(wrong.map((item) => `${item.file} -> ${inSource(item)}`)).toEqual([]);
  });

  it('has one owner for every vendor', () => {
    const wrong = imports.filter((item) => {
      if (item.target.startsWith('.') || PLATFORM.test(item.target)) return false;
      return VENDORS[packageOf(item.target)]?.(item.file) !== true;
    });
    expect(wrong.map((item) => `${item.file} -> ${item.target}`)).toEqual([]);
  });

  it('knows of HTTP where requests are answered, and nowhere else', () => {
    const wrong = imports.filter(
      (item) => item.target.endsWith('/http-env.ts') && !isOfHono(item.file),
    );
    expect(wrong.map(({ file }) => file)).toEqual([]);
  });

  it('asks other servers in few places', () => {
    const callers = files.filter((file) => /(?<![.\w])fetch\(/.test(withoutComments(file)));
    expect(callers.toSorted()).toEqual(FETCHING);
  });

  it('reads the environment in one place', () => {
    const readers = files.filter((file) => /process\.env|\benv\[/.test(texts.get(file) ?? ''));
    expect(readers).toEqual([]);
  });

  it('constructs a room in services.ts only', () => {
    const callers = [...texts].flatMap(([file, text]) =>
      file === 'services.ts'
        ? []
        : factories.filter((name) => new RegExp(`(?<!function )\\b${name}\\(`).test(text)),
    );
    expect(factories.length).toBeGreaterThan(5);
    expect(callers).toEqual([]);
  });

  it('names files in kebab case and has no drawer for odds and ends', () => {
    expect(
      files.filter((file) => !/^[a-z0-9-]+(\/[a-z0-9-]+)*(\.[a-z]+)?\.tsx?$/.test(file)),
    ).toEqual([]);
    expect(
      files.filter((file) => /(^|\/)(utils?|helpers?|common|misc|manager)(\/|\.|-)/.test(file)),
    ).toEqual([]);
  });

  it('has files that are read in one sitting', () => {
    const sizes = [...texts].map(([file, text]) => ({ file, lines: linesOf(text).length }));
    expect(sizes.filter(({ lines }) => lines > FILE_MAX_LINES)).toEqual([]);
    const sorted = sizes.map(({ lines }) => lines).toSorted((a, b) => a - b);
    expect(sorted[Math.floor(sorted.length / 2)]).toBeLessThanOrEqual(FILE_MEDIAN_MAX_LINES);
  });

  it('has lines that fit', () => {
    const lines = [...texts.values()].flatMap(linesOf);
    const long = lines.filter((line) => line.length > LINE_MAX_CHARACTERS);
    expect(long.length / lines.length).toBeLessThan(LONG_LINES_MAX_SHARE);
  });
});

/** What `services.ts` builds: the rooms, and what all of them stand on. */
const factories = [
  ...(texts.get('services.ts') ?? '').matchAll(
    /\{ (?:type \w+, )?((?:create|connect)\w+)[^}]*\} from '\.\/\w+\/(?:create|connect|workers)-/g,
  ),
].flatMap(([, name]) => name ?? []);

function withoutComments(file: string): string {
  return (texts.get(file) ?? '').replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
}
