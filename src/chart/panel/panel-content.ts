import type { Bar } from '../../bars/bar.ts';
import { COLOR } from '../draw/chart-color.ts';
import type { ChartSpec, PanelName } from '../chart-spec.ts';
import type { Indicators, Series } from '../indicator/compute-indicators.ts';
import { indicatorStats, type SeriesStats } from '../indicator/indicator-stats.ts';
import {
  barPriceStyle,
  differenceStyle,
  obvStyle,
  priceStyle,
  volumeStyle,
  type NumberStyle,
} from '../plan/number-format.ts';

/** How an item of a legend looks. */
export type Swatch =
  | { readonly kind: 'line'; readonly color: string }
  | { readonly kind: 'dashes'; readonly color: string }
  | { readonly kind: 'bars'; readonly colors: readonly string[] }
  | { readonly kind: 'band'; readonly fill: string; readonly stroke: string };

export interface LegendItem {
  readonly label: string;
  /** null: nothing is drawn, the label says why. */
  readonly swatch: Swatch | null;
}

export interface PanelLine {
  readonly series: Series;
  readonly color: string;
  /** Pixels at the usual size. */
  readonly width: number;
  readonly dashed?: true;
}

/** What one panel shows, before anything has a place. */
export interface PanelContent {
  readonly name: PanelName;
  readonly title: string;
  readonly axisTitle: string;
  readonly legend: readonly LegendItem[];
  readonly style: NumberStyle;
  /** The series that Max, Min, Avg, Med and the latest value speak of. */
  readonly main: Series;
  readonly stats: SeriesStats;
  readonly tagColor: string;
  readonly lines: readonly PanelLine[];
  /** Series that need room on the axis besides `main` and `lines`. */
  readonly extent: readonly Series[];
  /** Values that are always on the axis. */
  readonly include: readonly number[];
  /** Said in the middle of an empty panel: `RSI 14 needs 15 bars`. */
  readonly needs: string | null;
}

export function panelContent(
  name: PanelName,
  bars: readonly Bar[],
  indicators: Indicators,
  spec: ChartSpec,
): PanelContent {
  const content = BUILDERS[name]({ bars, indicators, spec });
  return { ...content, stats: indicatorStats(content.main) };
}

interface Input {
  readonly bars: readonly Bar[];
  readonly indicators: Indicators;
  readonly spec: ChartSpec;
}

type Content = Omit<PanelContent, 'stats'>;

const BUILDERS: Readonly<Record<PanelName, (input: Input) => Content>> = {
  price: pricePanel,
  supertrend: superTrendPanel,
  volume: volumePanel,
  macd: macdPanel,
  rsi: rsiPanel,
  obv: obvPanel,
  atr: atrPanel,
};

const EMPTY = { lines: [], extent: [], include: [], needs: null } as const;

function isEmpty(series: Series): boolean {
  return series.every((value) => value === null);
}

/** The item, or what it would need to be drawn. */
function item(label: string, swatch: Swatch, series: Series, bars: number): LegendItem {
  return isEmpty(series)
    ? { label: `${label} needs ${bars} bars`, swatch: null }
    : { label, swatch };
}

function magnitude(series: Series): number {
  let size = 0;
  for (const value of series) size = Math.max(size, Math.abs(value ?? 0));
  return size;
}

function pricePanel({ bars, indicators, spec }: Input): Content {
  const { sma, bollinger } = spec.indicators;
  const { close, open, sma20, sma50, sma200, bbUpper, bbMedian, bbLower } = indicators;
  const rising = (close.at(-1) ?? 0) >= (open.at(-1) ?? 0);
  const bands = item(
    `Bollinger ${bollinger.period}, ${bollinger.deviations}`,
    { kind: 'band', fill: COLOR.bandFill, stroke: COLOR.band },
    bbMedian,
    bollinger.period,
  );
  const median: LegendItem = {
    label: 'Median',
    swatch: { kind: 'dashes', color: COLOR.bandMedian },
  };
  return {
    ...EMPTY,
    name: 'price',
    title: 'Price',
    axisTitle: 'Price',
    legend: [
      { label: 'Up', swatch: { kind: 'bars', colors: [COLOR.up] } },
      { label: 'Down', swatch: { kind: 'bars', colors: [COLOR.down] } },
      item(`SMA ${sma[0]}`, { kind: 'line', color: COLOR.sma20 }, sma20, sma[0]),
      item(`SMA ${sma[1]}`, { kind: 'line', color: COLOR.sma50 }, sma50, sma[1]),
      item(`SMA ${sma[2]}`, { kind: 'line', color: COLOR.sma200 }, sma200, sma[2]),
      bands,
      ...(bands.swatch === null ? [] : [median]),
    ],
    style: barPriceStyle(bars),
    main: close,
    tagColor: rising ? COLOR.up : COLOR.down,
    lines: [
      { series: bbUpper, color: COLOR.band, width: 1 },
      { series: bbLower, color: COLOR.band, width: 1 },
      { series: sma200, color: COLOR.sma200, width: 2 },
      { series: sma50, color: COLOR.sma50, width: 2 },
      { series: sma20, color: COLOR.sma20, width: 2.5 },
      // The median is the SMA 20: dashes on top let both be seen.
      { series: bbMedian, color: COLOR.bandMedian, width: 1.5, dashed: true },
    ],
    extent: [indicators.high, indicators.low],
  };
}

function superTrendPanel({ indicators, spec }: Input): Content {
  const { period, multiplier } = spec.indicators.supertrend;
  const { stValues, stDirection } = indicators;
  const side = (wanted: 1 | -1): Series =>
    stValues.map((value, i) => (stDirection[i] === wanted ? value : null));
  const empty = isEmpty(stValues);
  const needs = `SuperTrend ${period}, ${multiplier} needs ${period + 1} bars`;
  return {
    ...EMPTY,
    name: 'supertrend',
    title: `SuperTrend ${period}, ${multiplier}`,
    axisTitle: 'SuperTrend',
    legend: empty
      ? []
      : [
          { label: 'Uptrend', swatch: { kind: 'line', color: COLOR.trendUp } },
          { label: 'Downtrend', swatch: { kind: 'line', color: COLOR.trendDown } },
        ],
    style: priceStyle(magnitude(stValues)),
    main: stValues,
    tagColor: stDirection.at(-1) === 1 ? COLOR.trendUp : COLOR.trendDown,
    lines: [
      { series: side(1), color: COLOR.trendUp, width: 2.5 },
      { series: side(-1), color: COLOR.trendDown, width: 2.5 },
    ],
    needs: empty ? needs : null,
  };
}

function volumePanel({ bars, indicators }: Input): Content {
  const style = volumeStyle(magnitude(indicators.volume));
  const last = bars.at(-1);
  const title = withUnit('Volume', style);
  const empty = isEmpty(indicators.volume);
  const isBroken = !empty && indicators.volume.includes(null);
  return {
    ...EMPTY,
    name: 'volume',
    title,
    axisTitle: title,
    legend: empty
      ? []
      : [
          { label: 'Close at or above open', swatch: { kind: 'bars', colors: [COLOR.up] } },
          { label: 'Close below open', swatch: { kind: 'bars', colors: [COLOR.down] } },
          ...(isBroken ? [{ label: 'Gaps: bars without volume', swatch: null }] : []),
        ],
    style,
    main: indicators.volume,
    tagColor: currentOr(
      indicators.volume,
      last !== undefined && last.close >= last.open ? COLOR.up : COLOR.down,
    ),
    include: [0],
    needs: empty ? 'These bars have no volume' : null,
  };
}

function macdPanel({ indicators, spec }: Input): Content {
  const { fast, slow, signal } = spec.indicators.macd;
  const { macdLine, signalLine, histogram } = indicators;
  const empty = isEmpty(macdLine);
  const shades = [COLOR.aboveGrowing, COLOR.aboveShrinking, COLOR.belowFalling, COLOR.belowRising];
  return {
    ...EMPTY,
    name: 'macd',
    title: `MACD ${fast}, ${slow}, ${signal}`,
    axisTitle: 'MACD',
    legend: empty
      ? []
      : [
          { label: 'MACD', swatch: { kind: 'line', color: COLOR.macd } },
          item('Signal', { kind: 'line', color: COLOR.signal }, signalLine, slow + signal - 1),
          item('Histogram', { kind: 'bars', colors: shades }, histogram, slow + signal - 1),
        ],
    style: differenceStyle(magnitude(macdLine)),
    main: macdLine,
    tagColor: COLOR.macd,
    lines: [
      { series: macdLine, color: COLOR.macd, width: 2 },
      { series: signalLine, color: COLOR.signal, width: 2 },
    ],
    extent: [histogram],
    include: [0],
    needs: empty ? `MACD ${fast}, ${slow}, ${signal} needs ${slow} bars` : null,
  };
}

function rsiPanel({ indicators, spec }: Input): Content {
  const { period } = spec.indicators.rsi;
  const empty = isEmpty(indicators.rsi);
  return {
    ...EMPTY,
    name: 'rsi',
    title: `RSI ${period}`,
    axisTitle: 'RSI',
    legend: [
      ...(empty ? [] : [{ label: 'RSI', swatch: { kind: 'line', color: COLOR.rsi } } as const]),
      { label: 'Oversold 30, overbought 70', swatch: { kind: 'dashes', color: COLOR.rsiLimit } },
    ],
    style: { divisor: 1, suffix: '', decimals: 2, exponential: false },
    main: indicators.rsi,
    tagColor: COLOR.rsi,
    lines: [{ series: indicators.rsi, color: COLOR.rsi, width: 2 }],
    include: [RSI_LOW, RSI_HIGH],
    needs: empty ? `RSI ${period} needs ${period + 1} bars` : null,
  };
}

/** Below and above these, traders call it oversold and overbought. */
export const RSI_LOW = 30;
export const RSI_HIGH = 70;

function obvPanel({ indicators }: Input): Content {
  const { volume, obv } = indicators;
  const style = obvStyle(indicatorStats(obv).latest ?? 0, magnitude(obv));
  const title = withUnit('OBV', style);
  const empty = isEmpty(obv);
  return {
    ...EMPTY,
    name: 'obv',
    title,
    axisTitle: title,
    legend: empty
      ? []
      : [
          { label: 'On-balance volume', swatch: { kind: 'line', color: COLOR.obv } },
          ...obvRemarks(indicators),
        ],
    style,
    main: obv,
    tagColor: currentOr(obv, COLOR.obv),
    lines: [{ series: obv, color: COLOR.obv, width: 2 }],
    needs: empty ? obvNeeds(volume) : null,
  };
}

/** Grey for a value that is the latest known, but not of the last bar. */
function currentOr(series: Series, color: string): string {
  return series.at(-1) === null ? COLOR.statistic : color;
}

/** Why the line is shorter than the chart. */
function obvRemarks({ obv, volume }: Indicators): LegendItem[] {
  const end = obv.findLastIndex((value) => value !== null);
  if (volume[end + 1] === null) return [{ label: 'Ends where a bar has no volume', swatch: null }];
  return obv[0] === null ? [{ label: 'Starts where bars have volumes', swatch: null }] : [];
}

function obvNeeds(volume: Series): string {
  return isEmpty(volume)
    ? 'On-balance volume needs volumes, and these bars have none'
    : 'On-balance volume needs volumes of neighbouring bars';
}

function atrPanel({ indicators, spec }: Input): Content {
  const { period } = spec.indicators.atr;
  const empty = isEmpty(indicators.atr);
  return {
    ...EMPTY,
    name: 'atr',
    title: `ATR ${period}`,
    axisTitle: 'ATR',
    legend: empty
      ? []
      : [{ label: 'Average true range', swatch: { kind: 'line', color: COLOR.atr } }],
    style: differenceStyle(magnitude(indicators.atr)),
    main: indicators.atr,
    tagColor: COLOR.atr,
    lines: [{ series: indicators.atr, color: COLOR.atr, width: 2 }],
    needs: empty ? `ATR ${period} needs ${period + 1} bars` : null,
  };
}

function withUnit(name: string, { suffix }: NumberStyle): string {
  return suffix === '' ? name : `${name} (${suffix})`;
}
