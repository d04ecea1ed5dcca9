import { OBV } from '../indicator/obv.ts';
import { PRICES } from '../indicator/prices.ts';
import type { SeriesBook } from '../indicator/series-book.ts';
import { seriesStats } from '../indicator/series-stats.ts';
import { isEmpty, type Series } from '../indicator/series.ts';
import { line } from '../mark/line.ts';
import { currentOr } from '../plan/color.ts';
import type { LegendItem } from '../plan/legend.ts';
import type { Panel, PanelContent } from '../plan/panel.ts';
import { magnitude, obvStyle, withUnit } from '../scale/number-format.ts';
import { barLabel, isIntraday } from '../scale/time-axis.ts';
import { volumeClause } from './volume.ts';

export const OBV_INK = { obv: 'rgb(33,150,243)' } as const;

export const obv: Panel = {
  content(series): PanelContent {
    const values = series.of(OBV).obv;
    const { volume } = series.of(PRICES);
    const style = obvStyle(seriesStats(values).latest ?? 0, magnitude(values));
    const title = withUnit('OBV', style);
    const empty = isEmpty(values);
    const item: LegendItem = {
      label: 'On-balance volume',
      swatch: { kind: 'line', color: OBV_INK.obv },
    };
    return {
      title,
      axisTitle: title,
      legend: empty ? [] : [item, ...remarks(values, volume)],
      style,
      main: values,
      tagColor: currentOr(values, OBV_INK.obv),
      marks: [line(values, { color: OBV_INK.obv, width: 2 })],
      needs: empty ? needsOf(volume) : null,
    };
  },

  /** With the volume, whose running sum it is. */
  describe(series) {
    const volume = volumeClause(series);
    return volume === null
      ? 'These bars have no volume, so there is no on-balance volume.'
      : `${volume}; on-balance volume ${flowOf(series)}.`;
  },
};

/** Why the line is shorter than the chart. */
function remarks(values: Series, volume: Series): LegendItem[] {
  const end = values.findLastIndex((value) => value !== null);
  if (volume[end + 1] === null) return [{ label: 'Ends where a bar has no volume', swatch: null }];
  return values[0] === null ? [{ label: 'Starts where bars have volumes', swatch: null }] : [];
}

function needsOf(volume: Series): string {
  return isEmpty(volume)
    ? 'On-balance volume needs volumes, and these bars have none'
    : 'On-balance volume needs volumes of neighbouring bars';
}

function flowOf(series: SeriesBook): string {
  const { bars } = series;
  const values = series.of(OBV).obv;
  const first = values.findIndex((value) => value !== null);
  if (first === -1) return 'is not known';
  const end = values.findLastIndex((value) => value !== null);
  const flow = (values[end] ?? 0) - (values[first] ?? 0);
  const trend = flow > 0 ? 'has risen' : flow < 0 ? 'has fallen' : 'has not changed';
  if (first === 0 && end === values.length - 1) return `${trend} over the period`;
  const day = (index: number): string => barLabel(bars[index]?.time ?? 0, isIntraday(bars));
  return `${trend} from ${day(first)} to ${day(end)} and is not known elsewhere`;
}
