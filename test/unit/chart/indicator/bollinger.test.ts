import { expect, test } from 'vitest';
import { parseBars } from '../../../../src/bars/parse-bars.ts';
import { BOLLINGER } from '../../../../src/chart/indicator/bollinger.ts';
import { OBV } from '../../../../src/chart/indicator/obv.ts';
import { SMA } from '../../../../src/chart/indicator/sma.ts';
import { barsFrom, bookOf } from '../chart-inputs.ts';

test('prices of 0 have averages and bands of 0', () => {
  const book = bookOf(
    parseBars(Array.from({ length: 20 }, (_, i) => ({ t: i, o: 0, h: 0, l: 0, c: 0, v: 0 }))),
  );
  const { bbUpper, bbLower } = book.of(BOLLINGER);
  expect([book.of(SMA).sma20[19], bbUpper[19], bbLower[19], book.of(OBV).obv[0]]).toEqual([
    0, 0, 0, 0,
  ]);
});

test('the deviation is that of the population', () => {
  const { bbUpper, bbMedian, bbLower } = BOLLINGER.compute(barsFrom([2, 4, 6]), {
    period: 2,
    deviations: 3,
  });
  expect([bbUpper, bbMedian, bbLower]).toEqual([
    [null, 6, 8],
    [null, 3, 5],
    [null, 0, 2],
  ]);
});
