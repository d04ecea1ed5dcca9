import { expect, test } from 'vitest';
import { MACD } from '../../../../src/chart/indicator/macd.ts';
import { barsFrom } from '../chart-inputs.ts';

test('values of exactly 0 are values: a flat series has MACD, signal and histogram 0', () => {
  const bars = barsFrom(Array.from({ length: 40 }, () => 50));
  const { macdLine, signalLine, histogram } = MACD.compute(bars, MACD.parameters);
  expect(macdLine.slice(25)).toEqual(Array.from({ length: 15 }, () => 0));
  expect(signalLine.slice(33)).toEqual(Array.from({ length: 7 }, () => 0));
  expect(histogram.slice(33)).toEqual(Array.from({ length: 7 }, () => 0));
});

test('EMAs start from the mean of their first values', () => {
  // EMA 1 is the close; EMA 2: 1.5, then 2/3 of the way to each close.
  const { macdLine, signalLine, histogram } = MACD.compute(barsFrom([1, 2, 3.5, 2]), {
    fast: 1,
    slow: 2,
    signal: 2,
  });
  const slow = [1.5, 1.5 + (2 * 2) / 3];
  const wanted = [0.5, 3.5 - (slow[1] ?? 0)];
  expect(macdLine[0]).toBeNull();
  expect(macdLine[1]).toBeCloseTo(wanted[0] ?? 0, 12);
  expect(macdLine[2]).toBeCloseTo(wanted[1] ?? 0, 12);
  expect(signalLine.slice(0, 2)).toEqual([null, null]);
  expect(signalLine[2]).toBeCloseTo(((wanted[0] ?? 0) + (wanted[1] ?? 0)) / 2, 12);
  expect(histogram[2]).toBeCloseTo((macdLine[2] ?? 0) - (signalLine[2] ?? 0), 12);
});
