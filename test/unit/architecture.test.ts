import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const SOURCE = fileURLToPath(new URL('../../src/', import.meta.url));

/**
 * Who may import whom: rooms (folders) and single files of level 0. `types` may be imported with
 * `import type` only.
 */
const ROOMS: Record<string, { may: string[]; types?: string[] }> = {
  errors: { may: [] },
  digest: { may: [] },
  observability: { may: ['errors'] },
  config: { may: ['errors'] },
  concurrency: { may: [] },
  storage: { may: ['errors', 'digest', 'observability', 'config', 'concurrency'] },
  chart: { may: ['errors', 'digest', 'observability', 'config'] },
  http: { may: ['errors', 'digest', 'observability', 'config'] },
  artifact: {
    may: ['errors', 'digest', 'observability', 'config', 'concurrency', 'storage', 'http'],
  },
  document: { may: ['errors', 'digest', 'observability', 'config', 'storage', 'http'] },
  lineage: { may: ['errors', 'digest', 'observability', 'config', 'storage', 'http', 'artifact'] },
  image: {
    may: [
      'errors',
      'digest',
      'observability',
      'config',
      'concurrency',
      'storage',
      'http',
      'chart',
      'artifact',
    ],
  },
  metrics: {
    may: ['errors', 'digest', 'observability', 'config', 'storage', 'http', 'artifact', 'image'],
  },
  workflow: {
    may: ['errors', 'digest', 'observability', 'config', 'storage', 'http', 'artifact', 'lineage'],
  },
  ui: { may: ['http'], types: ['artifact', 'lineage', 'workflow', 'document'] },
  services: {
    may: [
      'errors',
      'digest',
      'observability',
      'config',
      'concurrency',
      'storage',
      'chart',
      'http',
      'artifact',
      'document',
      'lineage',
      'image',
      'metrics',
      'workflow',
    ],
  },
};
/** Level 7 may import everything. */
const TOP = new Set(['app', 'scheduled', 'index']);

/** One vendor, one owner: which files may import a package. */
const VENDORS: Record<string, (file: string) => boolean> = {
  '@neondatabase/serverless': (file) => file.startsWith('storage/'),
  aws4fetch: (file) => file.startsWith('storage/'),
  'drizzle-orm': (file) => file.startsWith('storage/') || /\.(table|repository)\.ts$/.test(file),
  satori: (file) => file.startsWith('chart/'),
  '@resvg/resvg-wasm': (file) => file.startsWith('chart/'),
  technicalindicators: (file) => file.startsWith('chart/'),
  zod: (file) => file.endsWith('.schema.ts') || file === 'config.ts',
  '@hono/zod-openapi': (file) => /\.(routes|schema)\.tsx?$/.test(file) || file === 'app.ts',
  jose: (file) => file === 'http/auth.ts',
  hono: (file) =>
    file.startsWith('http/') ||
    file.startsWith('ui/') ||
    /\.routes\.tsx?$/.test(file) ||
    file === 'app.ts',
  'fast-xml-parser': (file) => file.startsWith('storage/'),
  canonicalize: (file) => file === 'image/render-key.ts' || file === 'chart/png-provenance.ts',
};
const PLATFORM = /^(node:|cloudflare:)/;

/**
 * `import x from 'y'`, `import 'y'`, `export { x } from 'y'`; a constant that is exported is none
 * of these.
 */
const IMPORT =
  /^(?:import\s+(type\s)?(?:[^'";]*?\sfrom\s+)?|export\s+(?:type\s)?[{*][^'";]*?\sfrom\s+)'([^']+)'/gm;

interface Import {
  readonly file: string;
  readonly target: string;
  readonly typeOnly: boolean;
}

const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).filter(
  (name) => /\.tsx?$/.test(name) && !name.endsWith('.d.ts'),
);
const imports: Import[] = files.flatMap((file) =>
  [...readFileSync(join(SOURCE, file), 'utf8').matchAll(IMPORT)].map((match) => ({
    file,
    target: match[2] ?? '',
    typeOnly: match[1] !== undefined,
  })),
);

function roomOf(file: string): string {
  return file.includes('/') ? (file.split('/')[0] ?? '') : file.replace(/\.tsx?$/, '');
}

function inSource(item: Import): string {
  return relative(SOURCE, resolve(SOURCE, dirname(item.file), item.target));
}

function allowed(item: Import): boolean {
  const [from, to] = [roomOf(item.file), roomOf(inSource(item))];
  if (from === to || TOP.has(from)) return true;
  const room = ROOMS[from];
  if (room === undefined) return false;
  if (room.may.includes(to)) return true;
  if (item.typeOnly && room.types?.includes(to)) return true;
  // The one upward type: routes name the environment that their work is reached through.
  return item.typeOnly && to === 'services' && /\.routes\.tsx?$/.test(item.file);
}

function packageOf(target: string): string {
  return target
    .split('/')
    .slice(0, target.startsWith('@') ? 2 : 1)
    .join('/');
}

describe('the house', () => {
  it('is read by this test', () => {
    expect(files).toContain('index.ts');
    expect(imports.length).toBeGreaterThan(100);
  });

  it('has no room that the table does not know', () => {
    expect(
      [...new Set(files.map(roomOf))].filter((room) => !(room in ROOMS) && !TOP.has(room)),
    ).toEqual([]);
  });

  it('imports downwards only', () => {
    const wrong = imports.filter((item) => item.target.startsWith('.') && !allowed(item));
    expect(wrong.map((item) => `${item.file} -> ${inSource(item)}`)).toEqual([]);
  });

  it('has one owner for every vendor', () => {
    const wrong = imports.filter((item) => {
      if (item.target.startsWith('.') || PLATFORM.test(item.target)) return false;
      return VENDORS[packageOf(item.target)]?.(item.file) !== true;
    });
    expect(wrong.map((item) => `${item.file} -> ${item.target}`)).toEqual([]);
  });

  it('reads the environment in one place', () => {
    const readers = files.filter((file) =>
      /process\.env|\benv\[/.test(readFileSync(join(SOURCE, file), 'utf8')),
    );
    expect(readers).toEqual([]);
  });

  it('constructs adapters in services.ts only', () => {
    const constructors =
      /\b(createDatabase|createS3ObjectStore|createWorkersEdgeCache|createChartRenderer|createAuthenticator)\(/;
    const callers = files.filter((file) => {
      const text = readFileSync(join(SOURCE, file), 'utf8').replaceAll(
        /export (async )?function \w+\(/g,
        '',
      );
      return constructors.test(text);
    });
    expect(callers).toEqual(['services.ts']);
  });

  it('names files in kebab case and has no drawer for odds and ends', () => {
    expect(
      files.filter((file) => !/^[a-z0-9-]+(\/[a-z0-9-]+)*(\.[a-z]+)?\.tsx?$/.test(file)),
    ).toEqual([]);
    expect(
      files.filter((file) => /(^|\/)(utils?|helpers?|common|misc|manager)(\/|\.|-)/.test(file)),
    ).toEqual([]);
  });
});
