import { seriesStats, type SeriesStats } from '../indicator/series-stats.ts';
import type { Shape } from '../mark/shape.ts';
import { formatNumber } from '../scale/number-format.ts';
import type { PlannedText } from './chart-plan.ts';
import type { PanelContent } from './panel.ts';

/** What a panel shows, with what is said of its main series. */
export interface StatedContent extends PanelContent {
  readonly stats: SeriesStats;
}

export interface PlannedLabels {
  readonly shapes: Shape[];
  readonly texts: PlannedText[];
}

export function withStats(content: PanelContent): StatedContent {
  return { ...content, stats: seriesStats(content.main) };
}

/** A value of the main series, and the text that stands for it. */
export interface Label {
  readonly value: number;
  readonly text: string;
}

/** What the gutter and the callouts of a panel say; null for a series without values. */
export function labelsOf({ stats, style }: StatedContent) {
  const { latest, max, min, average, median } = stats;
  if (latest === null || max === null || min === null || average === null || median === null)
    return null;
  const label = (name: string, value: number): Label => ({
    value,
    text: `${name}${formatNumber(value, style)}`,
  });
  return {
    latest: label('', latest),
    max: label('Max ', max),
    min: label('Min ', min),
    average: label('Avg ', average),
    median: label('Med ', median),
  };
}

/** The bar that the latest value is of: the last one, but for series that end before it. */
export function latestIndex({ main }: StatedContent): number {
  return main.findLastIndex((value) => value !== null);
}
