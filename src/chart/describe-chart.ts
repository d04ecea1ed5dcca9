import type { Bar } from '../bars/bar.ts';
import { indicatorStats } from './indicator/indicator-stats.ts';
import type { Indicators, Series } from './indicator/compute-indicators.ts';
import {
  barPriceStyle,
  formatNumber,
  priceStyle,
  volumeStyle,
  type NumberStyle,
} from './plan/number-format.ts';
import { barLabel, isIntraday } from './plan/time-axis.ts';

export interface ChartDescriptionInput {
  readonly symbol: string;
  readonly timeframe: string;
  readonly bars: readonly Bar[];
  readonly indicators: Indicators;
}

/**
 * One paragraph that says what the chart shows, for people who cannot see it and for models that
 * read text.
 */
export function describeChart({
  symbol,
  timeframe,
  bars,
  indicators,
}: ChartDescriptionInput): string {
  const first = bars[0];
  const last = bars.at(-1);
  if (first === undefined || last === undefined) return `${symbol}: no bars.`;
  const intraday = isIntraday(bars);
  const price = barPriceStyle(bars);
  const sentences = [
    `${symbol}, ${timeframe}, ${bars.length} bars from ${barLabel(first.time, intraday)} to ${barLabel(last.time, intraday)} (UTC).`,
    priceSentence(first, last, indicators.close, price),
    averagesSentence(last, indicators, price),
    bandSentence(last, indicators, price),
    trendSentence(indicators, price),
    macdSentence(indicators),
    rsiSentence(indicators),
    volumeSentence(bars, indicators),
    atrSentence(indicators, price),
  ];
  return sentences.filter((sentence) => sentence !== '').join(' ');
}

function latest(series: Series): number | null {
  return series.at(-1) ?? null;
}

function priceSentence(first: Bar, last: Bar, closes: Series, style: NumberStyle): string {
  const { max, min } = indicatorStats(closes);
  const text = (value: number): string => formatNumber(value, style);
  const change = last.close - first.close;
  const direction = change > 0 ? 'up' : change < 0 ? 'down' : 'unchanged';
  const percent =
    first.close > 0 && change !== 0 ? ` ${(Math.abs(change / first.close) * 100).toFixed(2)}%` : '';
  const range = `closes between ${text(min ?? 0)} and ${text(max ?? 0)}`;
  const bar = `open ${text(last.open)}, high ${text(last.high)}, low ${text(last.low)}, close ${text(last.close)}`;
  return `Last bar: ${bar}; ${direction}${percent} since the first close of ${text(first.close)}, ${range}.`;
}

function averagesSentence(last: Bar, indicators: Indicators, style: NumberStyle): string {
  const averages = [
    ['SMA 20', latest(indicators.sma20)],
    ['SMA 50', latest(indicators.sma50)],
    ['SMA 200', latest(indicators.sma200)],
  ] as const;
  const known = averages.flatMap(([name, value]) => {
    if (value === null) return [];
    const side = last.close > value ? 'above' : last.close < value ? 'below' : 'at';
    return [`${side} its ${name} of ${formatNumber(value, style)}`];
  });
  return known.length === 0 ? '' : `The close is ${known.join(', ')}.`;
}

function bandSentence(last: Bar, { bbUpper, bbLower }: Indicators, style: NumberStyle): string {
  const upper = latest(bbUpper);
  const lower = latest(bbLower);
  if (upper === null || lower === null) return '';
  const place = last.close > upper ? 'above' : last.close < lower ? 'below' : 'inside';
  return `It is ${place} the Bollinger bands (${formatNumber(lower, style)} to ${formatNumber(upper, style)}).`;
}

function trendSentence({ stValues, stDirection }: Indicators, style: NumberStyle): string {
  const value = latest(stValues);
  if (value === null) return '';
  return `SuperTrend is ${stDirection.at(-1) === 1 ? 'up' : 'down'} at ${formatNumber(value, style)}.`;
}

function macdSentence({ macdLine, signalLine }: Indicators): string {
  const line = latest(macdLine);
  const signal = latest(signalLine);
  if (line === null) return '';
  const text = (value: number): string =>
    formatNumber(value, priceStyle(Math.max(Math.abs(line), Math.abs(value))));
  if (signal === null) return `MACD is ${text(line)}.`;
  const side = line > signal ? 'above' : line < signal ? 'below' : 'at';
  return `MACD is ${text(line)}, ${side} its signal line of ${text(signal)}.`;
}

function rsiSentence({ rsi }: Indicators): string {
  const value = latest(rsi);
  if (value === null) return '';
  const state = value >= 70 ? 'overbought' : value <= 30 ? 'oversold' : 'neutral';
  return `RSI is ${value.toFixed(2)} (${state}).`;
}

function volumeSentence(bars: readonly Bar[], { volume, obv }: Indicators): string {
  const { latest: last, average, max } = indicatorStats(volume);
  if (last === null || average === null)
    return 'These bars have no volume, so there is no on-balance volume.';
  const style = volumeStyle(max ?? 0);
  const missing = volume.filter((value) => value === null).length;
  const gaps =
    missing === 0
      ? ''
      : `${missing} of ${bars.length} bars ${missing === 1 ? 'has' : 'have'} no volume. `;
  const day = (index: number) => barLabel(bars[index]?.time ?? 0, isIntraday(bars));
  const lastKnown = volume.findLastIndex((value) => value !== null);
  const subject = latest(volume) === null ? `The last known volume (${day(lastKnown)})` : 'Volume';
  const numbers = `${formatNumber(last, style)} against an average of ${formatNumber(average, style)}`;
  return `${gaps}${subject} is ${numbers}; on-balance volume ${flowOf(obv, day)}.`;
}

function flowOf(obv: Series, day: (index: number) => string): string {
  const first = obv.findIndex((value) => value !== null);
  if (first === -1) return 'is not known';
  const end = obv.findLastIndex((value) => value !== null);
  const flow = (obv[end] ?? 0) - (obv[first] ?? 0);
  const trend = flow > 0 ? 'has risen' : flow < 0 ? 'has fallen' : 'has not changed';
  const isWhole = first === 0 && end === obv.length - 1;
  return isWhole
    ? `${trend} over the period`
    : `${trend} from ${day(first)} to ${day(end)} and is not known elsewhere`;
}

function atrSentence({ atr }: Indicators, style: NumberStyle): string {
  const value = latest(atr);
  return value === null ? '' : `ATR is ${formatNumber(value, style)}.`;
}
