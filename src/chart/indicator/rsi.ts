import type { Indicator } from './indicator.ts';
import { finite } from './series.ts';

/** Wilder's relative strength index, 0 to 100; an average loss of 0 gives 100. */
export const RSI: Indicator<{ readonly period: number }, 'rsi'> = {
  name: 'rsi',
  parameters: { period: 14 },
  wire: { rsi: 'rsi' },
  compute(bars, { period }) {
    let gain = 0;
    let loss = 0;
    const rsi = bars.map(({ close }, i) => {
      if (i === 0) return null;
      const change = close - (bars[i - 1]?.close ?? close);
      const up = Math.max(change, 0);
      const down = Math.max(-change, 0);
      if (i <= period) {
        gain += up / period;
        loss += down / period;
        if (i < period) return null;
      } else {
        gain = (gain * (period - 1) + up) / period;
        loss = (loss * (period - 1) + down) / period;
      }
      return loss === 0 ? 100 : 100 - 100 / (1 + gain / loss);
    });
    return { rsi: finite(rsi) };
  },
};
