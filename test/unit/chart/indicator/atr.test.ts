import { expect, test } from 'vitest';
import { ATR, averageTrueRange } from '../../../../src/chart/indicator/atr.ts';
import { barsFrom } from '../chart-inputs.ts';

test('the true range counts the gap to the close before; its seed is a mean, then Wilder', () => {
  // Each bar reaches from 1 below to 1 above its close: true ranges 2, 4, 2, 6.
  expect(averageTrueRange(barsFrom([10, 11, 14, 14, 9]), 2)).toEqual([null, null, 3, 2.5, 4.25]);
});

test('a series shorter than the period has none', () => {
  expect(ATR.compute(barsFrom([1, 2, 3]), { period: 3 }).atr).toEqual([null, null, null]);
});
