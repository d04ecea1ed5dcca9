import { describe, expect, test } from 'vitest';
import { ATR } from '../../../../src/chart/indicator/atr.ts';
import { BOLLINGER } from '../../../../src/chart/indicator/bollinger.ts';
import { MACD } from '../../../../src/chart/indicator/macd.ts';
import { OBV } from '../../../../src/chart/indicator/obv.ts';
import { RSI } from '../../../../src/chart/indicator/rsi.ts';
import type { Series } from '../../../../src/chart/indicator/series.ts';
import { SMA } from '../../../../src/chart/indicator/sma.ts';
import { SUPERTREND } from '../../../../src/chart/indicator/supertrend.ts';
import { bookOf } from '../chart-inputs.ts';
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
    const book = bookOf(hasVectors ? barsOf(readVector('spy-daily-2017-2018.csv')) : []);
    test.each([
      ['SMA', book.of(SMA).sma20, 'expected.sma.20.close.csv', 'sma'],
      ['upper band', book.of(BOLLINGER).bbUpper, 'expected.bollinger.20.2.csv', 'upper'],
      ['median', book.of(BOLLINGER).bbMedian, 'expected.bollinger.20.2.csv', 'sma'],
      ['lower band', book.of(BOLLINGER).bbLower, 'expected.bollinger.20.2.csv', 'lower'],
      ['MACD', book.of(MACD).macdLine, 'expected.macd.12.26.9.csv', 'macd'],
      ['signal', book.of(MACD).signalLine, 'expected.macd.12.26.9.csv', 'signal'],
      ['histogram', book.of(MACD).histogram, 'expected.macd.12.26.9.csv', 'histogram'],
      ['RSI', book.of(RSI).rsi, 'expected.rsi.14.csv', 'rsi'],
      ['OBV', book.of(OBV).obv, 'expected.obv.csv', 'obv'],
      ['ATR', book.of(ATR).atr, 'expected.atr.14.csv', 'atr'],
      ['SuperTrend', book.of(SUPERTREND).stValues, 'expected.supertrend.10.3.csv', 'superTrend'],
    ] as const)('%s', (_, series, file, name) => {
      const expected = column(file, name);
      expect(expected.filter((value) => value !== null).length).toBeGreaterThan(400);
      expectSeries(series, expected);
    });

    test('SuperTrend is up exactly where the published lower band is the line', () => {
      const lower = column('expected.supertrend.10.3.csv', 'lowerBand');
      const values = column('expected.supertrend.10.3.csv', 'superTrend');
      const expected = values.map((value, i) =>
        value === null ? null : lower[i] === null ? -1 : 1,
      );
      expect(book.of(SUPERTREND).stDirection).toEqual(expected);
    });
  },
);
