import { expect, test } from 'vitest';
import { RSI } from '../../../../src/chart/indicator/rsi.ts';
import { barsFrom } from '../chart-inputs.ts';

const rsi = (closes: readonly number[], period = 14) =>
  RSI.compute(barsFrom(closes), { period }).rsi;

test('RSI is 100 without losses, 0 without gains', () => {
  expect(rsi(Array.from({ length: 20 }, (_, i) => i))[19]).toBe(100);
  expect(rsi(Array.from({ length: 20 }, (_, i) => -i))[19]).toBe(0);
});

test('gains and losses are smoothed as Wilder does', () => {
  // Gains 1, 0 and losses 0, 1 average to 0.5 each; then a gain of 2: 1.25 against 0.25.
  expect(rsi([1, 2, 1, 3], 2)).toEqual([null, null, 50, 100 - 100 / 6]);
});
