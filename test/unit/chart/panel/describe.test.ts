import { describe, expect, test } from 'vitest';
import type { Bar } from '../../../../src/bars/bar.ts';
import { SeriesBook } from '../../../../src/chart/indicator/series-book.ts';
import { atr } from '../../../../src/chart/panel/atr.ts';
import { macd } from '../../../../src/chart/panel/macd.ts';
import { obv } from '../../../../src/chart/panel/obv.ts';
import { price } from '../../../../src/chart/panel/price.ts';
import { rsi } from '../../../../src/chart/panel/rsi.ts';
import { supertrend } from '../../../../src/chart/panel/supertrend.ts';
import { volume, volumeClause } from '../../../../src/chart/panel/volume.ts';
import { constant } from '../awkward-series.ts';
import { barsFrom, bookOf } from '../chart-inputs.ts';

const rise = (count: number): Bar[] => barsFrom(Array.from({ length: count }, (_, i) => 100 + i));
const fall = (count: number): Bar[] => barsFrom(Array.from({ length: count }, (_, i) => 200 - i));

describe('price', () => {
  const first = (bars: readonly Bar[]): string =>
    price.describe(bookOf(bars)).split('. The')[0] ?? '';
  test.each([
    [
      [100, 110],
      'Last bar: open 110.00, high 111.00, low 109.00, close 110.00; up 10.00% since the first ' +
        'close of 100.00, closes between 100.00 and 110.00.',
    ],
    [
      [100, 105, 95],
      'Last bar: open 95.00, high 96.00, low 94.00, close 95.00; down 5.00% since the first close ' +
        'of 100.00, closes between 95.00 and 105.00.',
    ],
    [
      [100, 100],
      'Last bar: open 100.00, high 101.00, low 99.00, close 100.00; unchanged since the first ' +
        'close of 100.00, closes between 100.00 and 100.00.',
    ],
    [
      [-50, 50],
      'Last bar: open 50.00, high 51.00, low 49.00, close 50.00; up since the first close of ' +
        '\u221250.00, closes between \u221250.00 and 50.00.',
    ],
  ])('closes %j', (closes, sentence) => {
    expect(first(barsFrom(closes))).toBe(sentence);
  });

  test.each([
    [rise(50), 'The close is above its SMA 20 of 139.50, above its SMA 50 of 124.50.', 'inside'],
    [fall(20), 'The close is below its SMA 20 of 190.50.', 'inside'],
    [constant(20, 42, 1), 'The close is at its SMA 20 of 42.00.', 'inside'],
    [barsFrom([...Array.from({ length: 19 }, () => 10), 20]), 'above its SMA 20 of 10.50', 'above'],
    [barsFrom([...Array.from({ length: 19 }, () => 10), 2]), 'below its SMA 20 of 9.60', 'below'],
  ])('averages and bands %#', (bars, averages, place) => {
    const text = price.describe(bookOf(bars));
    expect(text).toContain(averages);
    expect(text).toContain(`It is ${place} the Bollinger bands (`);
  });

  test('names the averages by their periods', () => {
    const parameters = { sma: [2, 3, 9], bollinger: { period: 9, deviations: 2 } };
    expect(price.describe(new SeriesBook(barsFrom([1, 2, 6]), parameters))).toMatch(
      /The close is above its SMA 2 of 4\.00, above its SMA 3 of 3\.00\.$/,
    );
  });
});

test.each([
  [rise(30), 'SuperTrend is up at '],
  [fall(30), 'SuperTrend is down at '],
  [rise(10), ''],
])('SuperTrend %#', (bars, start) => {
  expect(supertrend.describe(bookOf(bars)).startsWith(start)).toBe(true);
  expect(supertrend.describe(bookOf(bars)) === '').toBe(start === '');
});

test.each([
  [
    barsFrom(Array.from({ length: 40 }, (_, i) => 100 * 1.02 ** i)),
    /^MACD is .*, above its signal/,
  ],
  [constant(40, 42, 1), /^MACD is 0\.00, at its signal line of 0\.00\.$/],
  [
    barsFrom(Array.from({ length: 40 }, (_, i) => 500 - i * i * 0.2)),
    /, below its signal line of /,
  ],
  [rise(30), /^MACD is 7\.00\.$/],
  [rise(25), /^$/],
])('MACD %#', (bars, text) => {
  expect(macd.describe(bookOf(bars))).toMatch(text);
});

test.each([
  [rise(20), 'RSI is 100.00 (overbought).'],
  [fall(20), 'RSI is 0.00 (oversold).'],
  [barsFrom(Array.from({ length: 15 }, (_, i) => 10 + (i % 2))), 'RSI is 50.00 (neutral).'],
  [barsFrom([10, 17, 14]), 'RSI is 70.00 (overbought).', 2],
  [barsFrom([10, 3, 6]), 'RSI is 30.00 (oversold).', 2],
  [rise(14), ''],
])('RSI %#', (bars, sentence, period = 14) => {
  expect(rsi.describe(new SeriesBook(bars, { rsi: { period } }))).toBe(sentence);
});

test('ATR', () => {
  expect(atr.describe(bookOf(constant(15, 42, 1)))).toBe('ATR is 0.00.');
  expect(atr.describe(bookOf(rise(15)))).toBe('ATR is 2.00.');
  expect(atr.describe(bookOf(rise(14)))).toBe('');
});

describe('volume and OBV are one sentence', () => {
  const withVolumes = (...volumes: (number | null)[]) =>
    bookOf(
      barsFrom(volumes.map((_, i) => 10 + i)).map((bar, i): Bar =>
        Object.assign({}, bar, { volume: volumes[i] ?? null }),
      ),
    );

  test('volume alone says nothing', () => {
    expect(volume.describe(withVolumes(1, 2))).toBe('');
    expect(volumeClause(withVolumes(null, null))).toBeNull();
  });

  test.each([
    [
      [1e6, 3e6],
      'Volume is 3.00M against an average of 2.00M; on-balance volume has risen over the period.',
    ],
    [
      [5, 0],
      'Volume is 0.00 against an average of 2.50; on-balance volume has not changed over the period.',
    ],
    [
      [null, 4, 8],
      '1 of 3 bars has no volume. Volume is 8.00 against an average of 6.00; on-balance volume ' +
        'has risen from 2020-01-02 to 2020-01-03 and is not known elsewhere.',
    ],
    [
      [4, null, null],
      '2 of 3 bars have no volume. The last known volume (2020-01-01) is 4.00 against an average ' +
        'of 4.00; on-balance volume is not known.',
    ],
    [[null, null], 'These bars have no volume, so there is no on-balance volume.'],
  ])('volumes %j of rising closes', (volumes, sentence) => {
    expect(obv.describe(withVolumes(...volumes))).toBe(sentence);
  });

  test('OBV falls with the close', () => {
    expect(obv.describe(bookOf(fall(5)))).toContain('on-balance volume has fallen over the period');
  });
});
