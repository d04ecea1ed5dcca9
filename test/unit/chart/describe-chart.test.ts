import { describe, expect, test } from 'vitest';
import { computeIndicators } from '../../../src/chart/indicator/compute-indicators.ts';
import { describeChart } from '../../../src/chart/describe-chart.ts';
import { indicatorStats } from '../../../src/chart/indicator/indicator-stats.ts';
import { AWKWARD_SERIES, withoutVolume } from './awkward-series.ts';
import { appleBars } from './read-vectors.ts';

describe('statistics', () => {
  test('nulls are skipped, the median of an even count is the upper one', () => {
    expect(indicatorStats([null, 4, 1, 3, 2])).toEqual({
      latest: 2,
      max: 4,
      min: 1,
      average: 2.5,
      median: 3,
    });
    expect(indicatorStats([5, null])).toEqual({ latest: 5, max: 5, min: 5, average: 5, median: 5 });
  });

  test('a series without values has none', () => {
    expect(indicatorStats([null, null])).toEqual({
      latest: null,
      max: null,
      min: null,
      average: null,
      median: null,
    });
    expect(indicatorStats([]).latest).toBeNull();
  });

  test('a constant series averages to itself, huge values do not overflow', () => {
    expect(indicatorStats(Array.from({ length: 300 }, () => 0.1)).average).toBe(0.1);
    expect(indicatorStats([1e308, 1.5e308, 1e308]).average).toBeLessThan(1.5e308);
  });
});

describe('the description', () => {
  test('says what the chart shows', () => {
    const bars = appleBars(200);
    expect(
      describeChart({ symbol: 'AAPL', timeframe: '1d', bars, indicators: computeIndicators(bars) }),
    ).toBe(
      'AAPL, 1d, 200 bars from 2012-05-14 to 2013-03-01 (UTC). ' +
        'Last bar: open 438.00, high 438.18, low 429.98, close 430.47; down 22.89% since the first close of 558.22, ' +
        'closes between 430.47 and 702.10. ' +
        'The close is below its SMA 20 of 455.49, below its SMA 50 of 485.11, below its SMA 200 of 575.35. ' +
        'It is below the Bollinger bands (430.67 to 480.31). SuperTrend is down at 467.55. ' +
        'MACD is −12.71, below its signal line of −12.26. RSI is 32.78 (neutral). ' +
        'Volume is 19.73M against an average of 18.11M; on-balance volume has fallen over the period. ATR is 11.83.',
    );
  });

  test.each([
    [() => false, 'These bars have no volume, so there is no on-balance volume.'],
    [
      (i: number) => i === 100,
      'The last known volume (2012-10-04) is 13.24M against an average of 13.24M; on-balance volume is not known.',
    ],
    [
      (i: number) => i < 199,
      '1 of 200 bars has no volume. The last known volume (2013-02-28) is 11.52M against an average of 18.11M; on-balance volume has fallen from 2012-05-14 to 2013-02-28 and is not known elsewhere.',
    ],
    [(i: number) => i > 9, '10 of 200 bars have no volume. Volume is 19.73M against'],
  ])('says which volumes are not there %#', (keeps, sentence) => {
    const bars = withoutVolume(appleBars(200), keeps);
    const text = describeChart({
      symbol: 'X',
      timeframe: '1d',
      bars,
      indicators: computeIndicators(bars),
    });
    expect(text).toContain(sentence);
  });

  test.each(AWKWARD_SERIES)('$name: one paragraph without gaps', ({ bars, symbol, timeframe }) => {
    const text = describeChart({ symbol, timeframe, bars, indicators: computeIndicators(bars) });
    expect(text).not.toMatch(/NaN|null|undefined|Infinity| {2}/);
    expect(text.endsWith('.')).toBe(true);
    expect(text).toContain(`${bars.length} bars`);
  });
});
