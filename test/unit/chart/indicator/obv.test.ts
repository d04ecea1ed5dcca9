import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Bar } from '../../../../src/bars/bar.ts';
import { OBV } from '../../../../src/chart/indicator/obv.ts';
import { PRICES } from '../../../../src/chart/indicator/prices.ts';
import { wireSeries } from '../../../../src/chart/wire-series.ts';
import { walk, withoutVolume } from '../awkward-series.ts';
import { barsFrom, bookOf } from '../chart-inputs.ts';

test('OBV starts at 0, adds on a rise, subtracts on a fall, stays on neither', () => {
  expect(OBV.compute(barsFrom([5, 6, 6, 4, 5], 7), null).obv).toEqual([0, 7, 7, 0, 7]);
});

test.each([
  [
    [null, null, null],
    [null, null, null],
  ],
  [
    [null, 7, null],
    [null, null, null],
  ],
  [
    [7, null, 7],
    [null, null, null],
  ],
  [
    [7, 7, null, 7, 7],
    [0, 7, null, null, null],
  ],
  [
    [null, 7, 7, 7],
    [null, 0, 7, 14],
  ],
  [
    [7, null, 7, 7, 0, null, 7],
    [null, null, 0, 7, 7, null, null],
  ],
])('OBV of rising closes with volumes %j is %j', (volumes, expected) => {
  const bars = barsFrom(volumes.map((_, i) => i + 1)).map((bar, i): Bar =>
    Object.assign({}, bar, { volume: volumes[i] ?? null }),
  );
  const book = bookOf(bars);
  expect(book.of(OBV).obv).toEqual(expected);
  expect(book.of(PRICES).volume).toEqual(volumes);
});

test('whichever volumes are absent: OBV is that of its bars alone, and nothing else changes', () => {
  const computed = (bars: readonly Bar[]) => {
    const { volume = [], obv = [], ...rest } = wireSeries(bookOf(bars));
    return { volume, obv, rest };
  };
  const whole = walk(40);
  const others = computed(whole).rest;
  expect(Object.keys(others).length).toBe(17);
  fc.assert(
    fc.property(fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }), (kept) => {
      const bars = withoutVolume(whole, (i) => kept[i] === true);
      const { volume, obv, rest } = computed(bars);
      expect(rest).toEqual(others);
      expect(volume).toEqual(bars.map((bar) => bar.volume));
      const first = obv.findIndex((value) => value !== null);
      const neighbours = kept.findIndex((keeps, i) => keeps && kept[i + 1] === true);
      expect(first).toBe(neighbours);
      if (first === -1) return;
      const gap = kept.indexOf(false, first);
      const end = gap === -1 ? kept.length : gap;
      expect(obv.slice(first, end)).toEqual(computed(whole.slice(first, end)).obv);
      expect(obv.slice(end).every((value) => value === null)).toBe(true);
    }),
  );
});
