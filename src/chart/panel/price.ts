import type { Bar } from '../../bars/bar.ts';
import { BOLLINGER } from '../indicator/bollinger.ts';
import { PRICES } from '../indicator/prices.ts';
import type { SeriesBook } from '../indicator/series-book.ts';
import { seriesStats } from '../indicator/series-stats.ts';
import { lastValue } from '../indicator/series.ts';
import { SMA } from '../indicator/sma.ts';
import { barColumns } from '../mark/bar-columns.ts';
import { band, line } from '../mark/line.ts';
import type { Mark, PanelPlace } from '../mark/mark.ts';
import { RectLayers } from '../mark/rects.ts';
import type { Shape } from '../mark/shape.ts';
import { COLOR } from '../plan/color.ts';
import { legendItem, type LegendItem } from '../plan/legend.ts';
import type { Panel, PanelContent } from '../plan/panel.ts';
import { barPriceStyle, formatNumber, type NumberStyle } from '../scale/number-format.ts';

export const PRICE_INK = {
  upPale: 'rgb(128,192,128)',
  downPale: 'rgb(255,128,128)',
  sma20: 'rgb(0,0,255)',
  sma50: 'rgb(47,203,13)',
  sma200: 'rgb(240,130,21)',
  band: 'rgb(33,150,243)',
  bandFill: 'rgb(233,245,254)',
  bandMedian: 'rgb(255,109,0)',
} as const;
const INK = PRICE_INK;

export const price: Panel = {
  content(series): PanelContent {
    const { close, open } = series.of(PRICES);
    const { sma20, sma50, sma200 } = series.of(SMA);
    const { bbUpper, bbMedian, bbLower } = series.of(BOLLINGER);
    const rising = (close.at(-1) ?? 0) >= (open.at(-1) ?? 0);
    return {
      title: 'Price',
      axisTitle: 'Price',
      legend: legendOf(series),
      style: barPriceStyle(series.bars),
      main: close,
      tagColor: rising ? COLOR.up : COLOR.down,
      shades: [band(bbUpper, bbLower, INK.bandFill)],
      marks: [
        line(bbUpper, { color: INK.band, width: 1 }),
        line(bbLower, { color: INK.band, width: 1 }),
        candles(series),
        line(sma200, { color: INK.sma200, width: 2 }),
        line(sma50, { color: INK.sma50, width: 2 }),
        line(sma20, { color: INK.sma20, width: 2.5 }),
        // The median is the SMA 20: dashes on top let both be seen.
        line(bbMedian, { color: INK.bandMedian, width: 1.5, dashed: true }),
      ],
      needs: null,
    };
  },

  describe(series) {
    const style = barPriceStyle(series.bars);
    const sentences = [
      lastBarSentence(series, style),
      averagesSentence(series, style),
      bandSentence(series, style),
    ];
    return sentences.filter((sentence) => sentence !== '').join(' ');
  },
};

function legendOf(series: SeriesBook): LegendItem[] {
  const [short, middle, long] = series.parametersOf(SMA);
  const { sma20, sma50, sma200 } = series.of(SMA);
  const { period, deviations } = series.parametersOf(BOLLINGER);
  const swatch = { kind: 'band', fill: INK.bandFill, stroke: INK.band } as const;
  const median = series.of(BOLLINGER).bbMedian;
  const bands = legendItem(`Bollinger ${period}, ${deviations}`, swatch, median, period);
  return [
    { label: 'Up', swatch: { kind: 'bars', colors: [COLOR.up] } },
    { label: 'Down', swatch: { kind: 'bars', colors: [COLOR.down] } },
    legendItem(`SMA ${short}`, { kind: 'line', color: INK.sma20 }, sma20, short),
    legendItem(`SMA ${middle}`, { kind: 'line', color: INK.sma50 }, sma50, middle),
    legendItem(`SMA ${long}`, { kind: 'line', color: INK.sma200 }, sma200, long),
    bands,
    ...(bands.swatch === null
      ? []
      : [{ label: 'Median', swatch: { kind: 'dashes', color: INK.bandMedian } as const }]),
  ];
}

const HOLLOW_FROM_PX = 5;

/**
 * Candles: wick from low to high, body from open to close; wide bodies are filled pale within a
 * solid edge.
 */
function candles(series: SeriesBook): Mark {
  const { bars } = series;
  const { high, low } = series.of(PRICES);
  return {
    series: [high, low],
    shapes: (place) => candleShapes(bars, place),
    cover(ink, { axis, scale }) {
      bars.forEach((bar, index) => ink.addBar(scale, index, axis.y(bar.high), axis.y(bar.low)));
    },
  };
}

function candleShapes(bars: readonly Bar[], { axis, scale }: PanelPlace): Shape[] {
  const layers = new RectLayers([INK.upPale, INK.downPale, COLOR.up, COLOR.down]);
  const fills = new RectLayers([INK.upPale, INK.downPale]);
  const width = scale.bodyWidth;
  for (const { bar, column } of barColumns(bars, scale)) {
    const rising = bar.close >= bar.open;
    const [solid, pale] = rising ? [COLOR.up, INK.upPale] : [COLOR.down, INK.downPale];
    const high = Math.round(axis.y(bar.high));
    const low = Math.max(high + 1, Math.round(axis.y(bar.low)));
    const top = Math.round(axis.y(Math.max(bar.open, bar.close)));
    const bottom = Math.max(top + 1, Math.round(axis.y(Math.min(bar.open, bar.close))));
    layers.add(width === 1 ? pale : solid, column, high, 1, low - high);
    const left = column - Math.floor((width - 1) / 2);
    layers.add(solid, left, top, width, bottom - top);
    if (width >= HOLLOW_FROM_PX && bottom - top > 2) {
      fills.add(pale, left + 1, top + 1, width - 2, bottom - top - 2);
    }
  }
  return [...layers.shapes(), ...fills.shapes()];
}

function lastBarSentence(series: SeriesBook, style: NumberStyle): string {
  const first = series.bars[0];
  const last = series.bars.at(-1);
  if (first === undefined || last === undefined) return '';
  const { max, min } = seriesStats(series.of(PRICES).close);
  const text = (value: number): string => formatNumber(value, style);
  const change = last.close - first.close;
  const direction = change > 0 ? 'up' : change < 0 ? 'down' : 'unchanged';
  const percent =
    first.close > 0 && change !== 0 ? ` ${(Math.abs(change / first.close) * 100).toFixed(2)}%` : '';
  const bar = [
    `open ${text(last.open)}`,
    `high ${text(last.high)}`,
    `low ${text(last.low)}`,
    `close ${text(last.close)}`,
  ].join(', ');
  const since = `${direction}${percent} since the first close of ${text(first.close)}`;
  const range = `closes between ${text(min ?? 0)} and ${text(max ?? 0)}`;
  return `Last bar: ${bar}; ${since}, ${range}.`;
}

function averagesSentence(series: SeriesBook, style: NumberStyle): string {
  const periods = series.parametersOf(SMA);
  const { sma20, sma50, sma200 } = series.of(SMA);
  const close = series.bars.at(-1)?.close ?? 0;
  const known = [sma20, sma50, sma200].map(lastValue).flatMap((value, i) => {
    if (value === null) return [];
    const side = close > value ? 'above' : close < value ? 'below' : 'at';
    return [`${side} its SMA ${periods[i]} of ${formatNumber(value, style)}`];
  });
  return known.length === 0 ? '' : `The close is ${known.join(', ')}.`;
}

function bandSentence(series: SeriesBook, style: NumberStyle): string {
  const { bbUpper, bbLower } = series.of(BOLLINGER);
  const upper = lastValue(bbUpper);
  const lower = lastValue(bbLower);
  if (upper === null || lower === null) return '';
  const close = series.bars.at(-1)?.close ?? 0;
  const place = close > upper ? 'above' : close < lower ? 'below' : 'inside';
  const [from, to] = [formatNumber(lower, style), formatNumber(upper, style)];
  return `It is ${place} the Bollinger bands (${from} to ${to}).`;
}
