import { PRICES } from '../indicator/prices.ts';
import type { SeriesBook } from '../indicator/series-book.ts';
import { seriesStats } from '../indicator/series-stats.ts';
import { isEmpty, lastValue } from '../indicator/series.ts';
import { barColumns } from '../mark/bar-columns.ts';
import type { Mark } from '../mark/mark.ts';
import { RectLayers } from '../mark/rects.ts';
import { COLOR, currentOr } from '../plan/color.ts';
import type { LegendItem } from '../plan/legend.ts';
import type { Panel, PanelContent } from '../plan/panel.ts';
import { formatNumber, magnitude, volumeStyle, withUnit } from '../scale/number-format.ts';
import { barLabel, isIntraday } from '../scale/time-axis.ts';

const LEGEND: readonly LegendItem[] = [
  { label: 'Close at or above open', swatch: { kind: 'bars', colors: [COLOR.up] } },
  { label: 'Close below open', swatch: { kind: 'bars', colors: [COLOR.down] } },
];

export const volume: Panel = {
  content(series): PanelContent {
    const volumes = series.of(PRICES).volume;
    const style = volumeStyle(magnitude(volumes));
    const title = withUnit('Volume', style);
    const empty = isEmpty(volumes);
    const gaps = volumes.includes(null)
      ? [{ label: 'Gaps: bars without volume', swatch: null }]
      : [];
    const last = series.bars.at(-1);
    const rising = last !== undefined && last.close >= last.open;
    return {
      title,
      axisTitle: title,
      legend: empty ? [] : [...LEGEND, ...gaps],
      style,
      main: volumes,
      tagColor: currentOr(volumes, rising ? COLOR.up : COLOR.down),
      axis: { include: [0], fromZero: true },
      marks: [columns(series)],
      needs: empty ? 'These bars have no volume' : null,
    };
  },

  /** Said by `obv`: one sentence for both. */
  describe: () => '',
};

/**
 * Columns from 0, at least one pixel high: a volume of 0 is drawn, too. A bar without volume leaves
 * a gap.
 */
function columns({ bars }: SeriesBook): Mark {
  return {
    shapes({ scale, axis }) {
      const layers = new RectLayers([COLOR.up, COLOR.down]);
      const base = Math.round(axis.y(0));
      const width = scale.bodyWidth;
      for (const { bar, column } of barColumns(bars, scale)) {
        if (bar.volume === null) continue;
        const top = Math.min(base - 1, Math.round(axis.y(bar.volume)));
        const left = column - Math.floor((width - 1) / 2);
        layers.add(bar.close >= bar.open ? COLOR.up : COLOR.down, left, top, width, base - top);
      }
      return layers.shapes();
    },
    cover(ink, { scale, axis }) {
      bars.forEach((bar, index) => {
        if (bar.volume !== null) ink.addBar(scale, index, axis.y(bar.volume), axis.y(0));
      });
    },
  };
}

/** How much the last volume is and how many are missing; null when no bar has one. */
export function volumeClause(series: SeriesBook): string | null {
  const volumes = series.of(PRICES).volume;
  const { latest, average, max } = seriesStats(volumes);
  if (latest === null || average === null) return null;
  const { bars } = series;
  const missing = volumes.filter((value) => value === null).length;
  const have = missing === 1 ? 'has' : 'have';
  const gaps = missing === 0 ? '' : `${missing} of ${bars.length} bars ${have} no volume. `;
  const lastKnown = bars[volumes.findLastIndex((value) => value !== null)];
  const subject =
    lastValue(volumes) === null
      ? `The last known volume (${barLabel(lastKnown?.time ?? 0, isIntraday(bars))})`
      : 'Volume';
  const style = volumeStyle(max ?? 0);
  const [last, usual] = [formatNumber(latest, style), formatNumber(average, style)];
  return `${gaps}${subject} is ${last} against an average of ${usual}`;
}
