import { expect, test } from 'vitest';
import { ATR } from '../../../src/chart/indicator/atr.ts';
import { wireSeries } from '../../../src/chart/wire-series.ts';
import { barsFrom, bookOf } from './chart-inputs.ts';

test('first values appear at the documented bars', () => {
  const bars = barsFrom(Array.from({ length: 260 }, (_, i) => 100 + Math.sin(i)));
  const first = Object.fromEntries(
    Object.entries(wireSeries(bookOf(bars))).map(([name, values]) => [
      name,
      values.findIndex((value) => value !== null),
    ]),
  );
  expect(first).toEqual({
    open: 0,
    high: 0,
    low: 0,
    close: 0,
    volume: 0,
    sma_20: 19,
    sma_50: 49,
    sma_200: 199,
    bb_upper: 19,
    bb_median: 19,
    bb_lower: 19,
    st_values: 10,
    st_direction: 10,
    macd_line: 25,
    signal_line: 33,
    histogram: 33,
    rsi: 14,
    obv: 0,
    atr: 14,
  });
});

test('the wire names are in the documented order', () => {
  expect(Object.keys(wireSeries(bookOf(barsFrom([1, 2]))))).toEqual(
    (
      'open high low close volume sma_20 sma_50 sma_200 bb_upper bb_median bb_lower st_values ' +
      'st_direction macd_line signal_line histogram rsi obv atr'
    ).split(' '),
  );
});

test('only the indicators that are asked for, every series as long as the bars', () => {
  expect(wireSeries(bookOf(barsFrom([1, 2])), [ATR])).toEqual({ atr: [null, null] });
});
