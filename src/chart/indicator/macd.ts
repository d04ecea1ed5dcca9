import type { Indicator } from './indicator.ts';
import { finite, type Series } from './series.ts';

interface Parameters {
  readonly fast: number;
  readonly slow: number;
  readonly signal: number;
}

/** MACD: the fast EMA less the slow one, an EMA of that, and the difference of the two. */
export const MACD: Indicator<Parameters, 'macdLine' | 'signalLine' | 'histogram'> = {
  name: 'macd',
  parameters: { fast: 12, slow: 26, signal: 9 },
  wire: { macdLine: 'macd_line', signalLine: 'signal_line', histogram: 'histogram' },
  compute(bars, { fast, slow, signal }) {
    const close = bars.map((bar) => bar.close);
    const line = minus(ema(close, fast), ema(close, slow));
    const signalLine = ema(line, signal, slow - 1);
    return {
      macdLine: finite(line),
      signalLine: finite(signalLine),
      histogram: finite(minus(line, signalLine)),
    };
  },
};

/**
 * Exponential mean seeded with the plain mean of its first `period` values; `first` is the bar
 * where values begin.
 */
function ema(values: readonly (number | null)[], period: number, first = 0): Series {
  const smoothing = 2 / (period + 1);
  const result: Series = values.map(() => null);
  let sum = 0;
  let previous = 0;
  for (let i = first; i < values.length; i++) {
    const value = values[i] ?? 0;
    const seen = i - first + 1;
    if (seen <= period) sum += value;
    if (seen < period) continue;
    previous = seen === period ? sum / period : previous + (value - previous) * smoothing;
    result[i] = previous;
  }
  return result;
}

function minus(a: Series, b: Series): Series {
  return a.map((value, i) => {
    const other = b[i] ?? null;
    return value === null || other === null ? null : value - other;
  });
}
