import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Bar } from '../../../../src/bars/bar.ts';
import {
  computeIndicators,
  wireSeries,
  type Series,
} from '../../../../src/chart/indicator/compute-indicators.ts';
import { parseBars } from '../../../../src/bars/parse-bars.ts';
import { walk, withoutVolume } from '../awkward-series.ts';
import { barsOf, hasVectors, readVector } from '../read-vectors.ts';

const RELATIVE = 1e-9;

function expectSeries(actual: Series, expected: (number | null)[]): void {
  expect(actual.length).toBe(expected.length);
  expected.forEach((wanted, i) => {
    const value = actual[i] ?? null;
    if (wanted === null || value === null) expect(value, `bar ${i}`).toBe(wanted);
    else
      expect(Math.abs(value - wanted), `bar ${i}`).toBeLessThanOrEqual(
        RELATIVE * Math.max(1, Math.abs(wanted)),
      );
  });
}

function column(file: string, name: string): (number | null)[] {
  return readVector(file).map((row) =>
    row[name] === '' || row[name] === undefined ? null : Number(row[name]),
  );
}

describe.skipIf(!hasVectors)(
  'the published vectors, 502 daily bars (skipped where shared/vectors is absent)',
  () => {
    const indicators = hasVectors
      ? computeIndicators(barsOf(readVector('spy-daily-2017-2018.csv')))
      : null;
    test.each([
      ['sma20', 'expected.sma.20.close.csv', 'sma'],
      ['bbUpper', 'expected.bollinger.20.2.csv', 'upper'],
      ['bbMedian', 'expected.bollinger.20.2.csv', 'sma'],
      ['bbLower', 'expected.bollinger.20.2.csv', 'lower'],
      ['macdLine', 'expected.macd.12.26.9.csv', 'macd'],
      ['signalLine', 'expected.macd.12.26.9.csv', 'signal'],
      ['histogram', 'expected.macd.12.26.9.csv', 'histogram'],
      ['rsi', 'expected.rsi.14.csv', 'rsi'],
      ['obv', 'expected.obv.csv', 'obv'],
      ['atr', 'expected.atr.14.csv', 'atr'],
      ['stValues', 'expected.supertrend.10.3.csv', 'superTrend'],
    ] as const)('%s', (key, file, name) => {
      const expected = column(file, name);
      expect(expected.filter((value) => value !== null).length).toBeGreaterThan(400);
      expectSeries(indicators?.[key] ?? [], expected);
    });

    test('SuperTrend is up exactly where the published lower band is the line', () => {
      const lower = column('expected.supertrend.10.3.csv', 'lowerBand');
      const values = column('expected.supertrend.10.3.csv', 'superTrend');
      const expected = values.map((value, i) =>
        value === null ? null : lower[i] === null ? -1 : 1,
      );
      expect(indicators?.stDirection).toEqual(expected);
    });
  },
);

function barsFrom(closes: readonly number[], volume = 10) {
  return parseBars(
    closes.map((close, i) => ({
      t: 1_577_836_800 + i * 86_400,
      o: close,
      h: close + 1,
      l: close - 1,
      c: close,
      v: volume,
    })),
  );
}

describe('definitions', () => {
  test('first values appear at the documented bars', () => {
    const series = wireSeries(
      computeIndicators(barsFrom(Array.from({ length: 260 }, (_, i) => 100 + Math.sin(i)))),
    );
    const first = Object.fromEntries(
      Object.entries(series).map(([name, values]) => [
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
    expect(Object.keys(wireSeries(computeIndicators(barsFrom([1, 2]))))).toEqual(
      (
        'open high low close volume sma_20 sma_50 sma_200 bb_upper bb_median bb_lower st_values st_direction ' +
        'macd_line signal_line histogram rsi obv atr'
      ).split(' '),
    );
  });

  test('values of exactly 0 are values: a flat series has MACD, signal and histogram 0', () => {
    const { macdLine, signalLine, histogram } = computeIndicators(
      barsFrom(Array.from({ length: 40 }, () => 50)),
    );
    expect(macdLine.slice(25)).toEqual(Array.from({ length: 15 }, () => 0));
    expect(signalLine.slice(33)).toEqual(Array.from({ length: 7 }, () => 0));
    expect(histogram.slice(33)).toEqual(Array.from({ length: 7 }, () => 0));
  });

  test('prices of 0 have averages and bands of 0', () => {
    const bars = parseBars(
      Array.from({ length: 20 }, (_, i) => ({ t: i, o: 0, h: 0, l: 0, c: 0, v: 0 })),
    );
    const { sma20, bbUpper, bbLower, obv } = computeIndicators(bars);
    expect([sma20[19], bbUpper[19], bbLower[19], obv[0]]).toEqual([0, 0, 0, 0]);
  });

  test('an average does not remember values that left its window', () => {
    const { sma20 } = computeIndicators(
      barsFrom([1e12, ...Array.from({ length: 30 }, () => 0.25)]),
    );
    expect(sma20[30]).toBe(0.25);
  });

  test('RSI is 100 without losses, 0 without gains', () => {
    expect(computeIndicators(barsFrom(Array.from({ length: 20 }, (_, i) => i))).rsi[19]).toBe(100);
    expect(computeIndicators(barsFrom(Array.from({ length: 20 }, (_, i) => -i))).rsi[19]).toBe(0);
  });

  test('OBV starts at 0, adds on a rise, subtracts on a fall, stays on neither', () => {
    expect(computeIndicators(barsFrom([5, 6, 6, 4, 5], 7)).obv).toEqual([0, 7, 7, 0, 7]);
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
    const indicators = computeIndicators(bars);
    expect(indicators.obv).toEqual(expected);
    expect(indicators.volume).toEqual(volumes);
  });

  test('whichever volumes are absent: OBV is that of its bars alone, and nothing else changes', () => {
    const whole = walk(40);
    const { volume: _v, obv: _o, ...others } = computeIndicators(whole);
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }), (kept) => {
        const bars = withoutVolume(whole, (i) => kept[i] === true);
        const { volume, obv, ...rest } = computeIndicators(bars);
        expect(rest).toEqual(others);
        expect(volume).toEqual(bars.map((bar) => bar.volume));
        const first = obv.findIndex((value) => value !== null);
        const neighbours = kept.findIndex((keeps, i) => keeps && kept[i + 1] === true);
        expect(first).toBe(neighbours);
        if (first === -1) return;
        const gap = kept.indexOf(false, first);
        const end = gap === -1 ? kept.length : gap;
        expect(obv.slice(first, end)).toEqual(computeIndicators(whole.slice(first, end)).obv);
        expect(obv.slice(end).every((value) => value === null)).toBe(true);
      }),
    );
  });

  test('SuperTrend follows a long rise and a long fall', () => {
    const closes = [
      ...Array.from({ length: 60 }, (_, i) => 100 + i),
      ...Array.from({ length: 60 }, (_, i) => 160 - i),
    ];
    const { stDirection, stValues, close } = computeIndicators(barsFrom(closes));
    expect(stDirection[59]).toBe(1);
    expect(stValues[59]).toBeLessThan(close[59] ?? 0);
    expect(stDirection[119]).toBe(-1);
    expect(stValues[119]).toBeGreaterThan(close[119] ?? 0);
  });
});
