import { expect, test } from 'vitest';
import { usualParameters, type Indicator } from '../../../../src/chart/indicator/indicator.ts';
import { PRICES } from '../../../../src/chart/indicator/prices.ts';
import { RSI } from '../../../../src/chart/indicator/rsi.ts';
import { SeriesBook } from '../../../../src/chart/indicator/series-book.ts';
import { barsFrom } from '../chart-inputs.ts';

test('an indicator is computed once, with the parameters that were given', () => {
  let calls = 0;
  const counted: Indicator<{ readonly period: number }, 'count'> = {
    name: 'counted',
    parameters: { period: 14 },
    wire: { count: 'count' },
    compute: (bars, { period }) => ({ count: bars.map(() => period + calls++) }),
  };
  const book = new SeriesBook(barsFrom([1, 2]), { counted: { period: 5 } });
  expect(book.of(counted).count).toEqual([5, 6]);
  expect(book.of(counted)).toBe(book.of(counted));
  expect(calls).toBe(2);
});

test('parameters that a spec lacks are an error, not the usual ones: the render key has the spec', () => {
  const book = new SeriesBook(barsFrom([1, 2]), { sma: [1, 2, 3] });
  expect(() => book.of(RSI)).toThrow(new RangeError('no parameters of rsi are given'));
  expect(book.of(PRICES).close).toEqual([1, 2]);
});

test('the usual parameters are those of the indicators that have any', () => {
  expect(usualParameters([PRICES, RSI])).toEqual({ rsi: { period: 14 } });
});
