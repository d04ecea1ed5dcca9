import { ATR as LibraryAtr } from 'technicalindicators';
import type { Bar } from '../../bars/bar.ts';
import type { Indicator } from './indicator.ts';
import { finite, type Series } from './series.ts';

/** Average true range. */
export const ATR: Indicator<{ readonly period: number }, 'atr'> = {
  name: 'atr',
  parameters: { period: 14 },
  wire: { atr: 'atr' },
  compute: (bars, { period }) => ({ atr: finite(averageTrueRange(bars, period)) }),
};

/**
 * Wilder's: the true range is undefined at bar 0, the seed is the mean of the first `period` true
 * ranges. The one indicator that comes from a library (docs/adr/0010).
 */
export function averageTrueRange(bars: readonly Bar[], period: number): Series {
  const values = LibraryAtr.calculate({
    period,
    high: bars.map((bar) => bar.high),
    low: bars.map((bar) => bar.low),
    close: bars.map((bar) => bar.close),
    format: (value: number) => value, // never the library's process-wide precision setting
  } as Parameters<typeof LibraryAtr.calculate>[0]);
  const missing = bars.length - values.length;
  return bars.map((_, i) => values[i - missing] ?? null);
}
