import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { PANELS } from '../../../src/chart/chart-spec.ts';

const CHART = fileURLToPath(new URL('../../../src/chart/', import.meta.url));

/** Folders and files of src/chart, as docs/chart.md has them. Each may import those above it. */
const LEVELS = [
  ['font', 'indicator', 'scale'],
  ['mark'],
  ['plan'],
  ['panel', 'draw'],
  ['chart-spec.ts'],
  ['describe-chart.ts', 'wire-series.ts', 'render-chart.ts'],
  ['chart-assets.worker.ts'],
];
const files = readdirSync(CHART, { recursive: true, encoding: 'utf8' }).filter((name) =>
  /\.tsx?$/.test(name),
);
const textOf = (file: string): string => readFileSync(join(CHART, file), 'utf8');
const placeOf = (file: string): string => file.split('/')[0] ?? '';
const levelOf = (place: string): number => LEVELS.findIndex((level) => level.includes(place));

describe('inside src/chart', () => {
  it('every file has a level', () => {
    expect(files.length).toBeGreaterThan(40);
    expect(files.filter((file) => levelOf(placeOf(file)) === -1)).toEqual([]);
  });

  it('imports go down only, types too', () => {
    const wrong = files.flatMap((file) =>
      [...textOf(file).matchAll(/\sfrom '(\.[^']+\.tsx?)'/g)].flatMap(([, target = '']) => {
        const wanted = relative(CHART, join(CHART, dirname(file), target));
        const [from, to] = [placeOf(file), placeOf(wanted)];
        const isInside = to === '..' || from === to || levelOf(to) < levelOf(from);
        return isInside ? [] : [`${file} -> ${wanted}`];
      }),
    );
    expect(wrong).toEqual([]);
  });

  it('what is common to all panels names none', () => {
    const names = Object.keys(PANELS).join('|');
    const named = files.filter(
      (file) =>
        ['scale', 'mark', 'plan', 'draw'].includes(placeOf(file)) &&
        new RegExp(`['"\`](${names})['"\`]`).test(textOf(file)),
    );
    expect(named).toEqual([]);
  });
});
