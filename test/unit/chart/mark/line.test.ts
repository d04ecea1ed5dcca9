import { describe, expect, test } from 'vitest';
import type { Series } from '../../../../src/chart/indicator/series.ts';
import { Ink } from '../../../../src/chart/mark/ink.ts';
import { band, line, polylines } from '../../../../src/chart/mark/line.ts';
import type { PanelPlace } from '../../../../src/chart/mark/mark.ts';
import { barScale } from '../../../../src/chart/scale/bar-scale.ts';
import { valueAxis } from '../../../../src/chart/scale/value-axis.ts';

/** Values 0 to 100 from y 100 up to y 0. */
function placeOf(bars: number, width: number): PanelPlace {
  const plot = { x: 0, y: 0, width, height: 100 };
  const axis = valueAxis(0, 100, { top: 0, bottom: 100, padTop: 0, padBottom: 0 });
  return { plot, scale: barScale(bars, plot), axis, zoom: 2 };
}
const drawn = (series: Series, width = series.length * 10): number[][] => {
  const { scale, axis } = placeOf(series.length, width);
  return polylines(series, scale, axis);
};

describe('the line of a series', () => {
  test.each([
    [[10, 20, 30], [[5, 90, 15, 80, 25, 70]]],
    [
      [10, 20, null, 40, 50],
      [
        [5, 90, 15, 80],
        [35, 60, 45, 50],
      ],
    ],
    [[null, null], []],
    [[null, 20, null], [[10, 80, 20, 80]]],
  ])('%j is broken at gaps, and a lone value is a stroke', (series, lines) => {
    expect(drawn(series)).toEqual(lines);
  });

  test('of many points in one column of pixels the first, lowest, highest and last stay', () => {
    const [points = []] = drawn([50, 40, 90, 10, 30, 60, 20, 20], 1);
    const ys = points.filter((_, i) => i % 2 === 1);
    expect(ys).toEqual([50, 10, 90, 80]);
    const twoColumns = drawn([1, 2, 3, 4], 2)[0] ?? [];
    expect(twoColumns.filter((_, i) => i % 2 === 1)).toEqual([99, 98, 97, 96]);
  });

  test('its width and dashes grow with the fonts, and it is ink', () => {
    const place = placeOf(2, 80);
    const mark = line([50, 50], { color: 'red', width: 1.5, dashed: true });
    expect(mark.shapes(place)).toEqual([
      { kind: 'lines', color: 'red', width: 3, lines: [[20, 50, 60, 50]], dash: [14, 10] },
    ]);
    const ink = new Ink(place.plot);
    mark.cover?.(ink, place);
    expect(ink.covered({ x: 32, y: 48, width: 3, height: 3 })).toBeGreaterThan(0);
    expect(ink.covered({ x: 32, y: 20, width: 3, height: 3 })).toBe(0);
  });
});

test('a band runs along its upper series and back along its lower one', () => {
  const mark = band([60, 70], [40, 30], 'blue');
  expect(mark.shapes(placeOf(2, 20))).toEqual([
    { kind: 'area', color: 'blue', numbers: [[5, 40, 15, 30, 15, 70, 5, 60]] },
  ]);
  expect(band([null, null], [null, null], 'blue').shapes(placeOf(2, 20))).toEqual([]);
});
