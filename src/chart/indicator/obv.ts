import type { Bar } from '../../bars/bar.ts';
import type { Indicator } from './indicator.ts';
import { finite, type Series } from './series.ts';

/** On-balance volume. */
export const OBV: Indicator<null, 'obv'> = {
  name: 'obv',
  parameters: null,
  wire: { obv: 'obv' },
  compute: (bars) => ({ obv: finite(onBalanceVolume(bars)) }),
};

/**
 * Starts at 0, plus the volume when the close rises, minus it when the close falls. It is a running
 * sum, so it is defined from the first two neighbouring bars with volumes to the next bar without
 * (docs/adr/0031).
 */
function onBalanceVolume(bars: readonly Bar[]): Series {
  const hasVolume = (i: number): boolean => (bars[i]?.volume ?? null) !== null;
  const first = bars.findIndex((_, i) => hasVolume(i) && hasVolume(i + 1));
  let total: number | null = null;
  return bars.map(({ close, volume }, i) => {
    if (i === first) total = 0;
    if (total === null || i === first) return total;
    const before = bars[i - 1]?.close ?? close;
    if (volume === null) total = null;
    else if (close > before) total += volume;
    else if (close < before) total -= volume;
    return total;
  });
}
