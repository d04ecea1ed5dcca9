import { describe, expect, test } from 'vitest';
import { parseOutline, relativePath, units } from '../../../../src/chart/font/outline.ts';

const place = { left: 10, top: 20, baseline: 100, size: 100 };

test('a path of satori is read relative to the pen on the baseline', () => {
  expect(parseOutline('M10 120L60 120Q60 70 10.5 20Z', place)).toEqual([
    { command: 'M', points: [0, 0] },
    { command: 'L', points: [0.5, 0] },
    { command: 'Q', points: [0.5, -0.5, 0.005, -1] },
    { command: 'Z', points: [] },
  ]);
});

describe('an outline is written in twentieths of a pixel', () => {
  const path = (outline: string, size: number): string =>
    relativePath(parseOutline(outline, place), size);
  test.each([
    ['each step from the one before', 'M10 120L60 120L60 20Z', 'm0 0l200 0 0-400z'],
    [
      'a contour from the start of the last',
      'M10 120L60 120ZM10 20L60 20Z',
      'm0 0l200 0zm0-400l200 0z',
    ],
    ['a curve stays one', 'M10 120Q60 120 60 20', 'm0 0q200 0 200-400'],
    ['a curve that is flat becomes its chord', 'M10 120Q35 120.2 60 120', 'm0 0l200 0'],
    ['a step to nowhere is left out', 'M10 120L10 120L60 120', 'm0 0l200 0'],
  ])('%s', (_, outline, written) => {
    expect(path(outline, 20)).toBe(written);
  });

  test('a pixel has twenty of them', () => {
    expect([units(1), units(0.024), units(-2.5)]).toEqual([20, 0, -50]);
  });
});
