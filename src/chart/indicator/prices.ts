import type { Indicator } from './indicator.ts';

/** The bars themselves, as series. */
export const PRICES: Indicator<null, 'open' | 'high' | 'low' | 'close' | 'volume'> = {
  name: 'prices',
  parameters: null,
  wire: { open: 'open', high: 'high', low: 'low', close: 'close', volume: 'volume' },
  compute: (bars) => ({
    open: bars.map((bar) => bar.open),
    high: bars.map((bar) => bar.high),
    low: bars.map((bar) => bar.low),
    close: bars.map((bar) => bar.close),
    volume: bars.map((bar) => bar.volume),
  }),
};
