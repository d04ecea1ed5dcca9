import { expect, test } from 'vitest';
import { histogramColor, MACD_INK } from '../../../../src/chart/panel/macd.ts';

test.each([
  [2, 1, MACD_INK.aboveGrowing],
  [1, 2, MACD_INK.aboveShrinking],
  [-2, -1, MACD_INK.belowFalling],
  [-1, -2, MACD_INK.belowRising],
  [1, 1, MACD_INK.aboveGrowing],
  [-1, -1, MACD_INK.belowFalling],
  [1, -1, MACD_INK.aboveGrowing],
  [-1, 1, MACD_INK.belowFalling],
  [0, 1, MACD_INK.aboveShrinking],
  [1, null, MACD_INK.aboveGrowing],
  [-1, null, MACD_INK.belowFalling],
])('a histogram bar of %d after %s', (value, before, color) => {
  expect(histogramColor(value, before)).toBe(color);
});
