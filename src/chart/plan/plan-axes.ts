import type { Bar } from '../../bars/bar.ts';
import type { GlyphBook } from '../font/glyph-book.ts';
import { REGULAR } from '../font/inter.ts';
import { isIntraday, timeTicks } from '../scale/time-axis.ts';
import type { ChartLayout } from './chart-layout.ts';
import type { PlannedText } from './chart-plan.ts';
import { COLOR } from './color.ts';
import type { PanelScene } from './panel-scene.ts';
import { centredBaseline, planText, planUpwardText } from './plan-text.ts';

export interface PlannedTimeAxis {
  /** Pixels of the vertical grid lines. */
  readonly columns: readonly number[];
  readonly texts: readonly PlannedText[];
}

/** The dates under the last panel, which stand for all: panels share their columns. */
export function planTimeAxis(
  bars: readonly Bar[],
  { plot, scale }: PanelScene,
  pictureWidth: number,
  { sizes, tickBaseline, axisTitleBaseline }: ChartLayout,
  book: GlyphBook,
): PlannedTimeAxis {
  const size = sizes.label;
  const width = (label: string): number => book.width(label, size, REGULAR);
  const ticks = timeTicks(bars, scale.x, width, size * 1.5);
  const columns = ticks.map(({ index }) => scale.column(index));
  const texts = ticks.map(({ label }, i) => {
    const half = width(label) / 2;
    const x = Math.min(pictureWidth - half - 2, Math.max(half + 2, columns[i] ?? 0));
    const wish = { role: 'time-tick' as const, text: label, size, color: COLOR.text };
    return planText(book, { ...wish, x, y: tickBaseline, anchor: 'middle' });
  });
  const title = planText(book, {
    role: 'axis-title',
    text: isIntraday(bars) ? 'Date and time (UTC)' : 'Date',
    x: plot.x + plot.width / 2,
    y: axisTitleBaseline,
    size: sizes.axis,
    color: COLOR.text,
    anchor: 'middle',
  });
  return { columns, texts: [...texts, title] };
}

/** Value ticks, the axis title along them, and what an empty panel would need. */
export function planValueAxis(
  { axis, box, content, plot, ticks }: PanelScene,
  { sizes, unit }: ChartLayout,
  book: GlyphBook,
): PlannedText[] {
  const size = sizes.label;
  const texts = ticks.map(({ value, label }) => {
    const y = centredBaseline(axis.y(value), size);
    const wish = { role: 'value-tick' as const, text: label, size, color: COLOR.text };
    return planText(book, { ...wish, x: plot.x - unit * 1.5, y, anchor: 'end' });
  });
  const room = plot.height + box.head.height * 0.6;
  const wanted = book.width(content.axisTitle, sizes.axis, REGULAR);
  const title = planUpwardText(book, {
    role: 'axis-title',
    text: content.axisTitle,
    x: Math.round(sizes.axis * 1.3),
    y: plot.y + plot.height / 2,
    size: wanted > room ? (sizes.axis * room) / wanted : sizes.axis,
    color: COLOR.text,
  });
  if (content.needs === null) return [...texts, title];
  const needs = planText(book, {
    role: 'needs',
    text: content.needs,
    x: plot.x + plot.width / 2,
    y: centredBaseline(plot.y + plot.height / 2, sizes.axis),
    size: sizes.axis,
    color: COLOR.statistic,
    anchor: 'middle',
  });
  return [...texts, title, needs];
}
