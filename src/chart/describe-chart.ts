import { PANELS } from './chart-spec.ts';
import type { SeriesBook } from './indicator/series-book.ts';
import type { Panels } from './plan/panel.ts';
import { barLabel, isIntraday } from './scale/time-axis.ts';

export interface ChartDescriptionInput {
  readonly symbol: string;
  readonly timeframe: string;
  readonly series: SeriesBook;
}

/**
 * One paragraph that says what the chart shows, for people who cannot see it and for models that
 * read text: what the bars are, then what each panel says of itself.
 */
export function describeChart(
  { symbol, timeframe, series }: ChartDescriptionInput,
  panels: Panels = PANELS,
): string {
  const { bars } = series;
  const first = bars[0];
  const last = bars.at(-1);
  if (first === undefined || last === undefined) return `${symbol}: no bars.`;
  const [from, to] = [first, last].map(({ time }) => barLabel(time, isIntraday(bars)));
  return [
    `${symbol}, ${timeframe}, ${bars.length} bars from ${from} to ${to} (UTC).`,
    ...Object.values(panels).map((panel) => panel.describe(series)),
  ]
    .filter((sentence) => sentence !== '')
    .join(' ');
}
