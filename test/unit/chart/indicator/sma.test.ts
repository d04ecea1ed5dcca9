import { expect, test } from 'vitest';
import { sma, SMA } from '../../../../src/chart/indicator/sma.ts';
import { barsFrom } from '../chart-inputs.ts';

test.each([
  [3, [null, null, 2, 3, 4]],
  [1, [1, 2, 3, 4, 5]],
  [6, [null, null, null, null, null]],
])('of %i of the values 1 to 5', (period, expected) => {
  expect(sma([1, 2, 3, 4, 5], period)).toEqual(expected);
});

test('an average does not remember values that left its window', () => {
  const bars = barsFrom([1e12, ...Array.from({ length: 30 }, () => 0.25)]);
  const { sma20 } = SMA.compute(bars, SMA.parameters);
  expect(sma20[30]).toBe(0.25);
});

test('three periods, each its own', () => {
  expect(SMA.compute(barsFrom([1, 2, 3, 4]), [1, 2, 3])).toEqual({
    sma20: [1, 2, 3, 4],
    sma50: [null, 1.5, 2.5, 3.5],
    sma200: [null, null, 2, 3],
  });
});

test('sums beyond the range of numbers are no values', () => {
  expect(SMA.compute(barsFrom([1.5e308, 1.5e308]), [1, 2, 3]).sma50).toEqual([null, null]);
});
