import { MACD } from '../indicator/macd.ts';
import { isEmpty, lastValue, type Series } from '../indicator/series.ts';
import { line } from '../mark/line.ts';
import type { Mark } from '../mark/mark.ts';
import { RectLayers } from '../mark/rects.ts';
import { COLOR } from '../plan/color.ts';
import { legendItem } from '../plan/legend.ts';
import type { Panel, PanelContent } from '../plan/panel.ts';
import { differenceStyle, formatNumber, magnitude, priceStyle } from '../scale/number-format.ts';

export const MACD_INK = {
  macd: 'rgb(33,150,243)',
  signal: 'rgb(255,109,0)',
  aboveGrowing: 'rgb(34,171,148)',
  aboveShrinking: 'rgb(172,229,220)',
  belowFalling: 'rgb(255,82,82)',
  belowRising: 'rgb(252,203,205)',
} as const;
const INK = MACD_INK;
const SHADES = [INK.aboveGrowing, INK.aboveShrinking, INK.belowFalling, INK.belowRising];

export const macd: Panel = {
  content(series): PanelContent {
    const { fast, slow, signal } = series.parametersOf(MACD);
    const { macdLine, signalLine, histogram } = series.of(MACD);
    const empty = isEmpty(macdLine);
    const title = `MACD ${fast}, ${slow}, ${signal}`;
    const first = slow + signal - 1;
    return {
      title,
      axisTitle: 'MACD',
      legend: empty
        ? []
        : [
            { label: 'MACD', swatch: { kind: 'line', color: INK.macd } },
            legendItem('Signal', { kind: 'line', color: INK.signal }, signalLine, first),
            legendItem('Histogram', { kind: 'bars', colors: SHADES }, histogram, first),
          ],
      style: differenceStyle(magnitude(macdLine)),
      main: macdLine,
      tagColor: INK.macd,
      axis: { include: [0] },
      marks: [
        ...(empty ? [] : [zeroLine]),
        columns(histogram),
        line(macdLine, { color: INK.macd, width: 2 }),
        line(signalLine, { color: INK.signal, width: 2 }),
      ],
      needs: empty ? `${title} needs ${slow} bars` : null,
    };
  },

  describe(series) {
    const { macdLine, signalLine } = series.of(MACD);
    const value = lastValue(macdLine);
    const signal = lastValue(signalLine);
    if (value === null) return '';
    const text = (number: number): string =>
      formatNumber(number, priceStyle(Math.max(Math.abs(value), Math.abs(number))));
    if (signal === null) return `MACD is ${text(value)}.`;
    const side = value > signal ? 'above' : value < signal ? 'below' : 'at';
    return `MACD is ${text(value)}, ${side} its signal line of ${text(signal)}.`;
  },
};

const zeroLine: Mark = {
  shapes: ({ plot, axis }) => [
    {
      kind: 'rects',
      color: COLOR.plateBorder,
      numbers: [plot.x, Math.round(axis.y(0)), plot.width, 1],
    },
  ],
};

/** The histogram: columns from zero, at least one pixel high. */
function columns(histogram: Series): Mark {
  return {
    series: [histogram],
    shapes({ scale, axis }) {
      const layers = new RectLayers([
        INK.aboveShrinking,
        INK.belowRising,
        INK.aboveGrowing,
        INK.belowFalling,
      ]);
      const zero = Math.round(axis.y(0));
      histogram.forEach((value, index) => {
        if (value === null) return;
        const end = Math.round(axis.y(value));
        const color = histogramColor(value, histogram[index - 1] ?? null);
        const height = Math.max(1, Math.abs(end - zero));
        layers.add(color, scale.left(index), Math.min(zero, end), scale.bodyWidth, height);
      });
      return layers.shapes();
    },
    cover(ink, { scale, axis }) {
      const zero = axis.y(0);
      histogram.forEach((value, index) => {
        if (value === null) return;
        const end = axis.y(value);
        ink.addBar(scale, index, Math.min(end, zero), Math.max(end, zero));
      });
    },
  };
}

/**
 * The shade of a histogram bar: by its sign and by whether it moves away from zero. The first one
 * counts as moving away.
 */
export function histogramColor(value: number, before: number | null): string {
  if (value >= 0) return before === null || value >= before ? INK.aboveGrowing : INK.aboveShrinking;
  return before === null || value <= before ? INK.belowFalling : INK.belowRising;
}
