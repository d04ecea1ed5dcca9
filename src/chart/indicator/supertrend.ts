import { averageTrueRange } from './atr.ts';
import type { Indicator } from './indicator.ts';
import { finite, type Series } from './series.ts';

interface Parameters {
  readonly period: number;
  /** ATRs. */
  readonly multiplier: number;
}

/**
 * SuperTrend: bands of `multiplier` ATRs around HL2 that only ratchet towards the price. Bullish at
 * the start when close >= HL2; turns bearish when close <= lower band, bullish when close > upper
 * band. `stDirection` is 1 in an uptrend (the line runs below the price) and -1 in a downtrend.
 */
export const SUPERTREND: Indicator<Parameters, 'stValues' | 'stDirection'> = {
  name: 'supertrend',
  parameters: { period: 10, multiplier: 3 },
  wire: { stValues: 'st_values', stDirection: 'st_direction' },
  compute(bars, { period, multiplier }) {
    const ranges = averageTrueRange(bars, period);
    const values: Series = [];
    const direction: (1 | -1 | null)[] = [];
    let upper = 0;
    let lower = 0;
    let trend: 1 | -1 | null = null;
    bars.forEach((bar, i) => {
      const range = ranges[i] ?? null;
      if (range === null) {
        values.push(null);
        direction.push(null);
        return;
      }
      const middle = (bar.high + bar.low) / 2;
      const freshUpper = middle + multiplier * range;
      const freshLower = middle - multiplier * range;
      const before = bars[i - 1]?.close ?? bar.close;
      if (trend === null) {
        trend = bar.close >= middle ? 1 : -1;
        upper = freshUpper;
        lower = freshLower;
      }
      if (freshUpper < upper || before > upper) upper = freshUpper;
      if (freshLower > lower || before < lower) lower = freshLower;
      trend = bar.close <= (trend === 1 ? lower : upper) ? -1 : 1;
      values.push(trend === 1 ? lower : upper);
      direction.push(trend);
    });
    return { stValues: finite(values), stDirection: direction };
  },
};
