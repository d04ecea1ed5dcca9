import { ATR } from 'technicalindicators';
import type { Bar } from '../../bars/bar.ts';
import { DEFAULT_PARAMETERS, type IndicatorParameters } from '../chart-spec.ts';

/** One value per bar; null where it is not defined, as before its first bar. */
export type Series = (number | null)[];

/**
 * Every series is as long as the bars. The names are those of the wire, in camelCase;
 * `SERIES_NAMES` has both, in order.
 */
export interface Indicators {
  readonly open: Series;
  readonly high: Series;
  readonly low: Series;
  readonly close: Series;
  readonly volume: Series;
  readonly sma20: Series;
  readonly sma50: Series;
  readonly sma200: Series;
  readonly bbUpper: Series;
  readonly bbMedian: Series;
  readonly bbLower: Series;
  readonly stValues: Series;
  /** 1 in an uptrend (the line runs below the price), -1 in a downtrend. */
  readonly stDirection: (1 | -1 | null)[];
  readonly macdLine: Series;
  readonly signalLine: Series;
  readonly histogram: Series;
  readonly rsi: Series;
  readonly obv: Series;
  readonly atr: Series;
}

/** The series in the order of the wire: `[key of Indicators, name on the wire]`. */
export const SERIES_NAMES: readonly (readonly [keyof Indicators, string])[] = [
  ['open', 'open'],
  ['high', 'high'],
  ['low', 'low'],
  ['close', 'close'],
  ['volume', 'volume'],
  ['sma20', 'sma_20'],
  ['sma50', 'sma_50'],
  ['sma200', 'sma_200'],
  ['bbUpper', 'bb_upper'],
  ['bbMedian', 'bb_median'],
  ['bbLower', 'bb_lower'],
  ['stValues', 'st_values'],
  ['stDirection', 'st_direction'],
  ['macdLine', 'macd_line'],
  ['signalLine', 'signal_line'],
  ['histogram', 'histogram'],
  ['rsi', 'rsi'],
  ['obv', 'obv'],
  ['atr', 'atr'],
];

/**
 * All indicators of the chart, unrounded. ATR comes from `technicalindicators`; the rest is
 * computed here, because the library rounds RSI, leaves out OBV's first 0 and every signal or band
 * that is exactly 0, lets running sums drift and has no SuperTrend (docs/adr/0010).
 */
export function computeIndicators(
  bars: readonly Bar[],
  parameters: IndicatorParameters = DEFAULT_PARAMETERS,
): Indicators {
  const close = bars.map((bar) => bar.close);
  const [short, middle, long] = parameters.sma;
  const bands = bollinger(close, parameters.bollinger.period, parameters.bollinger.deviations);
  const trend = superTrend(bars, parameters.supertrend.period, parameters.supertrend.multiplier);
  const macd = macdOf(close, parameters.macd);
  return {
    open: bars.map((bar) => bar.open),
    high: bars.map((bar) => bar.high),
    low: bars.map((bar) => bar.low),
    close,
    volume: bars.map((bar) => bar.volume),
    sma20: finite(sma(close, short)),
    sma50: finite(sma(close, middle)),
    sma200: finite(sma(close, long)),
    bbUpper: finite(bands.upper),
    bbMedian: finite(bands.median),
    bbLower: finite(bands.lower),
    stValues: finite(trend.values),
    stDirection: trend.direction,
    macdLine: finite(macd.line),
    signalLine: finite(macd.signal),
    histogram: finite(macd.histogram),
    rsi: finite(rsi(close, parameters.rsi.period)),
    obv: finite(obv(bars)),
    atr: finite(atr(bars, parameters.atr.period)),
  };
}

/**
 * Prices near the end of the number range overflow in sums and squares: what has no finite value
 * has none.
 */
function finite(series: Series): Series {
  return series.every((value) => value === null || Number.isFinite(value))
    ? series
    : series.map((value) => (value !== null && Number.isFinite(value) ? value : null));
}

/**
 * Plain mean of the last `period` values. Each window is summed anew: a running sum keeps the error
 * of values long gone.
 */
function sma(values: readonly number[], period: number): Series {
  return values.map((_, i) => (i < period - 1 ? null : mean(values, i - period + 1, i + 1)));
}

function mean(values: readonly number[], from: number, to: number): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum += values[i] ?? 0;
  return sum / (to - from);
}

/** Bollinger bands: SMA and `deviations` population standard deviations around it. */
function bollinger(values: readonly number[], period: number, deviations: number) {
  const median = sma(values, period);
  const upper: Series = [];
  const lower: Series = [];
  median.forEach((centre, i) => {
    if (centre === null) {
      upper.push(null);
      lower.push(null);
      return;
    }
    let squares = 0;
    for (let j = i - period + 1; j <= i; j++) {
      const distance = (values[j] ?? centre) - centre;
      squares += distance * distance;
    }
    const width = Math.sqrt(squares / period) * deviations;
    upper.push(centre + width);
    lower.push(centre - width);
  });
  return { upper, median, lower };
}

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

function macdOf(close: readonly number[], { fast, slow, signal }: IndicatorParameters['macd']) {
  const slowMean = ema(close, slow);
  const line = minus(ema(close, fast), slowMean);
  const signalLine = ema(line, signal, slow - 1);
  return { line, signal: signalLine, histogram: minus(line, signalLine) };
}

function minus(a: Series, b: Series): Series {
  return a.map((value, i) => {
    const other = b[i] ?? null;
    return value === null || other === null ? null : value - other;
  });
}

/** Wilder's RSI; an average loss of 0 gives 100. */
function rsi(close: readonly number[], period: number): Series {
  let gain = 0;
  let loss = 0;
  return close.map((value, i) => {
    if (i === 0) return null;
    const change = value - (close[i - 1] ?? value);
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
}

/**
 * On-balance volume: starts at 0, plus the volume when the close rises, minus it when the close
 * falls. It is a running sum, so it is defined from the first two neighbouring bars with volumes to
 * the next bar without (docs/adr/0031).
 */
function obv(bars: readonly Bar[]): Series {
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

/**
 * Wilder's ATR: the true range is undefined at bar 0, the seed is the mean of the first `period`
 * true ranges.
 */
function atr(bars: readonly Bar[], period: number): Series {
  const values = ATR.calculate({
    period,
    high: bars.map((bar) => bar.high),
    low: bars.map((bar) => bar.low),
    close: bars.map((bar) => bar.close),
    format: (value: number) => value, // never the library's process-wide precision setting
  } as Parameters<typeof ATR.calculate>[0]);
  const missing = bars.length - values.length;
  return bars.map((_, i) => values[i - missing] ?? null);
}

/**
 * SuperTrend: bands of `multiplier` ATRs around HL2 that only ratchet towards the price. Bullish at
 * the start when close >= HL2; turns bearish when close <= lower band, bullish when close > upper
 * band.
 */
function superTrend(bars: readonly Bar[], period: number, multiplier: number) {
  const ranges = atr(bars, period);
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
  return { values, direction };
}

/** The same arrays under their names on the wire, in its order. */
export function wireSeries(indicators: Indicators): Record<string, Series> {
  return Object.fromEntries(SERIES_NAMES.map(([key, name]) => [name, indicators[key]]));
}
