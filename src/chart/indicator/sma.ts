import type { Indicator } from './indicator.ts';
import { finite, type Series } from './series.ts';

type Periods = readonly [short: number, middle: number, long: number];

/** Simple moving averages of the close. */
export const SMA: Indicator<Periods, 'sma20' | 'sma50' | 'sma200'> = {
  name: 'sma',
  parameters: [20, 50, 200],
  wire: { sma20: 'sma_20', sma50: 'sma_50', sma200: 'sma_200' },
  compute(bars, [short, middle, long]) {
    const close = bars.map((bar) => bar.close);
    return {
      sma20: finite(sma(close, short)),
      sma50: finite(sma(close, middle)),
      sma200: finite(sma(close, long)),
    };
  },
};

/**
 * Plain mean of the last `period` values. Each window is summed anew: a running sum keeps the error
 * of values long gone.
 */
export function sma(values: readonly number[], period: number): Series {
  return values.map((_, i) => (i < period - 1 ? null : mean(values, i - period + 1, i + 1)));
}

function mean(values: readonly number[], from: number, to: number): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum += values[i] ?? 0;
  return sum / (to - from);
}
