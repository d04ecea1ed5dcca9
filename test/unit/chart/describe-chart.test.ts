import { describe, expect, test } from 'vitest';
import { describeChart } from '../../../src/chart/describe-chart.ts';
import { AWKWARD_SERIES, withoutVolume } from './awkward-series.ts';
import { bookOf } from './chart-inputs.ts';
import { appleBars } from './read-vectors.ts';

describe('the description', () => {
  test('says what the chart shows', () => {
    const bars = appleBars(200);
    expect(describeChart({ symbol: 'AAPL', timeframe: '1d', series: bookOf(bars) })).toBe(
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
      series: bookOf(bars),
    });
    expect(text).toContain(sentence);
  });

  test.each(AWKWARD_SERIES)('$name: one paragraph without gaps', ({ bars, symbol, timeframe }) => {
    const text = describeChart({ symbol, timeframe, series: bookOf(bars) });
    expect(text).not.toMatch(/NaN|null|undefined|Infinity| {2}/);
    expect(text.endsWith('.')).toBe(true);
    expect(text).toContain(`${bars.length} bars`);
  });
});
