import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const IMPORT = /(?:\bfrom|\bimport)\s*\(?\s*'(\.[^']+)'/g;
/** A module that is named by its URL: a process of its own, a file that is read. */
const NAMED_BY_URL = /\bnew URL\(\s*'([^':]+\.\w+)'/g;

/** Which folders a folder may import from, besides itself; architecture.test.ts has those of src. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  src: [],
  // What stands in for a service knows neither who runs it nor who is served.
  'stand-in': [],
  scripts: ['src', 'stand-in'],
};

/** Unit tests that are of no one file, and what they are about instead. */
const OF_NO_FILE: Readonly<Record<string, string>> = {
  architecture: 'who may import whom in src',
  house: 'what lies beside src',
  'chart/add-panel': 'the recipe for a panel in docs/chart.md',
  'chart/draw/pixels': 'the pixels of whole charts',
  'chart/import-order': 'who may import whom in src/chart',
  'chart/indicator/vectors': 'all indicators against published values',
  'chart/panel/describe': 'the sentences of all panels',
  'chart/panel/panels': 'what all panels have in common',
  'beside-the-code': 'the documentation and the migrations',
  'catalog/list-plan': "PostgreSQL's plans for the statements of the list",
  'http/canonical-jws': 'the one written form of a token that jose is asked for',
  'lineage/ask-mlflow': 'what find-runs and sweep-runs ask, of the stand-in for MLflow',
  'metrics/metrics-plan': "PostgreSQL's plans for the statements of the metrics",
  'png/scan-png-damage': 'what scan-png says of damaged files',
};

/** Rooms whose decisions are pure, so that each of them has a table. */
const DECIDING_ROOMS = ['lineage', 'image', 'catalog'];
/** What reads and writes, or puts rooms together, decides nothing of its own. */
const DECIDES_NOTHING = /(?:\.(?:routes|schema|table|repository)|(?:^|\/)create-[^/]+)\.tsx?$/;
/** Exported functions of those rooms that no unit test imports, and why. */
const WITHOUT_UNIT_TEST: Readonly<Record<string, string>> = {
  createHydration: 'reads, asks and writes by due, leftovers, told-lineage, mlflow-news',
  lookUp: 'reads, asks and writes by decide, unfound and settle',
  renderGateClass: 'makes the class of a Durable Object, which workerd alone has',
  repairLineage: 'reads and writes batch by batch by lookUp',
};

/** Functions and classes, and constants that hold a function. */
const EXPORTED =
  /^export (?:(?:async )?function\*? (\w+)|class (\w+)|const (\w+)[^;]*? = (?:async )?(?:\([^;=]*\)|\w+)(?:: [^;=]+)? =>)/gm;
const NAMED_IMPORT = /\bimport\s*\{([^}]*)\}\s*from\s*'(\.[^']+)'/g;

function sourcesOf(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => join(folder, name));
}

function importsOf(file: string): string[] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  return [...text.matchAll(IMPORT), ...text.matchAll(NAMED_BY_URL)].map(([, target = '']) =>
    relative(ROOT, join(ROOT, dirname(file), target)),
  );
}

describe('src, stand-in and scripts', () => {
  it('are read by this test', () => {
    expect(importsOf('scripts/start.ts')).toEqual([
      'scripts/start/start-parents.ts',
      'scripts/start/run-stack.ts',
    ]);
    expect(importsOf('stand-in/s3/server.ts')).toContain('stand-in/listen.ts');
  });

  it.each(Object.entries(MAY_IMPORT))('%s imports from itself and [%s] only', (folder, others) => {
    const known = [folder, ...others, 'migrations', 'wrangler.toml'];
    const wrong = sourcesOf(folder).flatMap((file) =>
      importsOf(file)
        .filter((target) => !known.some((one) => target === one || target.startsWith(`${one}/`)))
        .map((target) => `${file} -> ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  it('have stand-ins that do not know each other, each started by its server.ts', () => {
    const rooms = readdirSync(join(ROOT, 'stand-in'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
    expect(rooms.length).toBeGreaterThan(3);
    for (const room of rooms) {
      const files = sourcesOf(`stand-in/${room}`);
      expect(files).toContain(`stand-in/${room}/server.ts`);
      // No name repeats that of its folder.
      expect(files.filter((file) => file.includes(`/${room}-`))).toEqual([]);
      const others = files.flatMap(importsOf).filter((target) => /^stand-in\/.*\//.test(target));
      expect(others.filter((target) => !target.startsWith(`stand-in/${room}/`))).toEqual([]);
    }
  });
});

/** `file#name` of everything that a file imports by its name; types are no functions. */
function namedImportsOf(file: string): string[] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  return [...text.matchAll(NAMED_IMPORT)].flatMap(([, names = '', target = '']) =>
    names.split(',').map((name) => {
      const [exported = ''] = name.trim().split(' as ');
      return `${relative(ROOT, join(ROOT, dirname(file), target))}#${exported}`;
    }),
  );
}

function exportedFunctionsOf(text: string): string[] {
  return [...text.matchAll(EXPORTED)].map(
    ([, named, ofClass, constant]) => named ?? ofClass ?? constant ?? '',
  );
}

describe('test/unit', () => {
  it('knows an exported function when it sees one', () => {
    const text = [
      'export function a() {}',
      'export async function b<T>() {}',
      'export const c = (x: string): string => x;',
      'export const d = 7;',
      'export class E {}',
      'export const f: F = async (x) => x;',
      'export type G = () => void;',
      'function h() {}',
    ].join('\n');
    expect(exportedFunctionsOf(text)).toEqual(['a', 'b', 'c', 'E', 'f']);
  });

  it('imports every exported function that decides in lineage, image and catalog', () => {
    const imported = new Set(sourcesOf('test/unit').flatMap(namedImportsOf));
    const untested = DECIDING_ROOMS.flatMap((room) => sourcesOf(`src/${room}`))
      .filter((file) => !DECIDES_NOTHING.test(file))
      .flatMap((file) =>
        exportedFunctionsOf(readFileSync(join(ROOT, file), 'utf8'))
          .filter((name) => !imported.has(`${file}#${name}`))
          .map((name) => ({ file, name })),
      );
    expect(untested.filter(({ name }) => !(name in WITHOUT_UNIT_TEST))).toEqual([]);
    // An exception that has a test by now is none.
    expect(untested.map(({ name }) => name).toSorted()).toEqual(
      Object.keys(WITHOUT_UNIT_TEST).toSorted(),
    );
  });

  const tests = sourcesOf('test/unit')
    .filter((file) => /\.test\.tsx?$/.test(file))
    .map((file) => relative('test/unit', file).replace(/\.test\.tsx?$/, ''));

  it('mirrors src, stand-in and scripts, file by file', () => {
    const isMirrored = (name: string) =>
      [`src/${name}`, name].some(
        (path) => existsSync(join(ROOT, `${path}.ts`)) || existsSync(join(ROOT, `${path}.tsx`)),
      );
    const strays = tests.filter((name) => !isMirrored(name));
    expect(strays.toSorted()).toEqual(Object.keys(OF_NO_FILE).toSorted());
  });
});
