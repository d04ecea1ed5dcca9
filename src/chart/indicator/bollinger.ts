import type { Indicator } from './indicator.ts';
import { finite, type Series } from './series.ts';
import { sma } from './sma.ts';

interface Parameters {
  readonly period: number;
  /** Standard deviations. */
  readonly deviations: number;
}

/** Bollinger bands: SMA and `deviations` population standard deviations around it. */
export const BOLLINGER: Indicator<Parameters, 'bbUpper' | 'bbMedian' | 'bbLower'> = {
  name: 'bollinger',
  parameters: { period: 20, deviations: 2 },
  wire: { bbUpper: 'bb_upper', bbMedian: 'bb_median', bbLower: 'bb_lower' },
  compute(bars, { period, deviations }) {
    const close = bars.map((bar) => bar.close);
    const median = sma(close, period);
    const upper: Series = [];
    const lower: Series = [];
    median.forEach((centre, i) => {
      const width = centre === null ? null : deviation(close, i, period, centre) * deviations;
      upper.push(centre === null || width === null ? null : centre + width);
      lower.push(centre === null || width === null ? null : centre - width);
    });
    return { bbUpper: finite(upper), bbMedian: finite(median), bbLower: finite(lower) };
  },
};

/** Population standard deviation of the `period` values up to `last`. */
function deviation(
  values: readonly number[],
  last: number,
  period: number,
  centre: number,
): number {
  let squares = 0;
  for (let i = last - period + 1; i <= last; i++) {
    const distance = (values[i] ?? centre) - centre;
    squares += distance * distance;
  }
  return Math.sqrt(squares / period);
}
