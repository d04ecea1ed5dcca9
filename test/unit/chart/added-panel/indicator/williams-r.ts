import type { Indicator } from '../../../../../src/chart/indicator/indicator.ts';
import { finite } from '../../../../../src/chart/indicator/series.ts';

/** Williams %R: where the close lies between the highest high (0) and the lowest low (-100). */
export const WILLIAMS_R: Indicator<{ readonly period: number }, 'williamsR'> = {
  name: 'williamsR',
  parameters: { period: 14 },
  wire: { williamsR: 'williams_r' },
  compute(bars, { period }) {
    const values = bars.map(({ close }, i) => {
      if (i < period - 1) return null;
      const window = bars.slice(i - period + 1, i + 1);
      const high = Math.max(...window.map((bar) => bar.high));
      const low = Math.min(...window.map((bar) => bar.low));
      return high === low ? null : (-100 * (high - close)) / (high - low);
    });
    return { williamsR: finite(values) };
  },
};
