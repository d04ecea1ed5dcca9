import type { Bar } from '../../../src/bars/bar.ts';
import { parseBars } from '../../../src/bars/parse-bars.ts';

const DAY_S = 86_400;
const START_S = 1_577_836_800;

interface WalkOptions {
  readonly start?: number;
  /** Seconds between bars. */
  readonly step?: number;
  readonly swing?: number;
  readonly volume?: number;
  readonly decimals?: number;
}

/** A random walk that is the same on every machine (a linear congruential generator). */
export function walk(count: number, options: WalkOptions = {}): Bar[] {
  const { start = 100, step = DAY_S, swing = 0.03, volume = 5e7, decimals } = options;
  let state = 12_345;
  const random = (): number => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
  const round = (value: number): number =>
    decimals === undefined ? value : Number(value.toFixed(decimals));
  let price = start;
  const raw = Array.from({ length: count }, (_, i) => {
    const open = price;
    price *= 1 + (random() - 0.495) * swing;
    const high = Math.max(open, price) + (Math.abs(price) * random() * swing) / 3;
    const low = Math.min(open, price) - (Math.abs(price) * random() * swing) / 3;
    return {
      t: START_S + i * step,
      o: round(open),
      h: round(high),
      l: round(low),
      c: round(price),
      v: Math.round(random() * volume),
    };
  });
  return parseBars(raw);
}

export function constant(count: number, price: number, volume: number): Bar[] {
  return parseBars(
    Array.from({ length: count }, (_, i) => ({
      t: START_S + i * DAY_S,
      o: price,
      h: price,
      l: price,
      c: price,
      v: volume,
    })),
  );
}

/** The same bars, without volume where `keeps` says no. */
export function withoutVolume(
  bars: readonly Bar[],
  keeps: (index: number) => boolean = () => false,
): Bar[] {
  return bars.map((bar, index) => (keeps(index) ? bar : { ...bar, volume: null }));
}

export interface AwkwardSeries {
  readonly name: string;
  readonly bars: Bar[];
  readonly symbol: string;
  readonly timeframe: string;
}

const daily = { symbol: 'TEST', timeframe: '1d' };

export const AWKWARD_SERIES: readonly AwkwardSeries[] = [
  { name: '2 bars', bars: walk(2), ...daily },
  { name: '5 bars', bars: walk(5), ...daily },
  { name: '10 bars, one less than SuperTrend needs', bars: walk(10), ...daily },
  { name: '26 bars, MACD without signal', bars: walk(26), ...daily },
  { name: '60 bars', bars: walk(60), ...daily },
  { name: '200 bars', bars: walk(200), ...daily },
  { name: '1,260 bars', bars: walk(1260), ...daily },
  {
    name: '5,000 hourly bars',
    bars: walk(5000, { step: 3600 }),
    symbol: 'BTC/USDT',
    timeframe: '1h',
  },
  {
    name: '300 bars of 5 minutes',
    bars: walk(300, { step: 300, swing: 0.004 }),
    symbol: 'ES',
    timeframe: '5m',
  },
  {
    name: '1,000 weekly bars',
    bars: walk(1000, { step: 7 * DAY_S }),
    symbol: 'W',
    timeframe: '1w',
  },
  {
    name: 'tiny prices',
    bars: walk(200, { start: 0.00001234, volume: 9e12 }),
    symbol: 'SHIB/USDT',
    timeframe: '1d',
  },
  { name: 'vanishing prices', bars: walk(200, { start: 3e-15 }), ...daily },
  { name: 'huge prices and volumes', bars: walk(200, { start: 4.2e9, volume: 9e14 }), ...daily },
  {
    name: 'numbers near the end of the range',
    bars: walk(60, { start: 1e307, volume: 1e308 }),
    ...daily,
  },
  {
    name: 'currency',
    bars: walk(200, { start: 1.08, swing: 0.006, volume: 0, decimals: 5 }),
    symbol: 'EURUSD',
    timeframe: '4h',
  },
  { name: 'no volume', bars: withoutVolume(walk(250, { start: 1.08, decimals: 5 })), ...daily },
  { name: '2 bars without volume', bars: withoutVolume(walk(2)), ...daily },
  { name: 'one bar with volume', bars: withoutVolume(walk(200), (i) => i === 100), ...daily },
  { name: 'the last bar without volume', bars: withoutVolume(walk(200), (i) => i < 199), ...daily },
  {
    name: 'every other bar without volume',
    bars: withoutVolume(walk(60), (i) => i % 2 === 0),
    ...daily,
  },
  {
    name: 'a gap in the volumes',
    bars: withoutVolume(walk(200), (i) => i < 80 || i > 120),
    ...daily,
  },
  { name: 'volumes that begin late', bars: withoutVolume(walk(200), (i) => i > 150), ...daily },
  {
    name: '5,000 hourly bars with a gap in the volumes',
    bars: withoutVolume(walk(5000, { step: 3600 }), (i) => i < 2000 || i > 3500),
    symbol: 'BTC/USDT',
    timeframe: '1h',
  },
  {
    name: '300 bars of 5 minutes without volume',
    bars: withoutVolume(walk(300, { step: 300, swing: 0.004 })),
    symbol: 'SPX',
    timeframe: '5m',
  },
  { name: 'constant prices', bars: constant(250, 42, 1000), ...daily },
  { name: 'prices and volumes of 0', bars: constant(250, 0, 0), ...daily },
  { name: 'negative prices', bars: walk(120, { start: -37 }), ...daily },
  {
    name: 'a symbol of 50 wide characters',
    bars: walk(60),
    symbol: 'W'.repeat(50),
    timeframe: '1d',
  },
  { name: 'markup in the symbol', bars: walk(60), symbol: `<&"'>]]>&#0;<text>`, timeframe: '<1d>' },
  {
    name: 'other scripts',
    bars: walk(60),
    symbol: 'ΑΒΓ Сбербанк 中国 Ünï 🙂 עברית',
    timeframe: 'неделя',
  },
  {
    name: 'nothing to read in the symbol',
    bars: walk(60),
    symbol: '\u0000\u202e\n',
    timeframe: '',
  },
];
