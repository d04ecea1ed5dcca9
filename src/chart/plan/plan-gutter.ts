import type { GlyphBook } from '../font/glyph-book.ts';
import { BOLD, REGULAR } from '../font/inter.ts';
import type { Shape } from '../mark/shape.ts';
import type { Box } from '../scale/box.ts';
import type { ChartLayout } from './chart-layout.ts';
import type { TextRole } from './chart-plan.ts';
import { COLOR } from './color.ts';
import {
  labelsOf,
  latestIndex,
  type Label,
  type PlannedLabels,
  type StatedContent,
} from './labels.ts';
import type { PanelScene } from './panel-scene.ts';
import { placeGutter } from './place-gutter.ts';
import { centredBaseline, planText } from './plan-text.ts';

/** Pixels that the gutter of a panel needs for its texts. */
export function gutterWidth(content: StatedContent, book: GlyphBook, size: number): number {
  const labels = labelsOf(content);
  if (labels === null) return 0;
  return Math.max(
    book.width(labels.average.text, size, REGULAR),
    book.width(labels.median.text, size, REGULAR),
    book.width(labels.latest.text, size, BOLD) + size,
  );
}

/**
 * The gutter on the right: the latest value as a tag at its true height, Avg and Med beside their
 * lines.
 */
export function planGutter(scene: PanelScene, layout: ChartLayout, book: GlyphBook): PlannedLabels {
  const labels = labelsOf(scene.content);
  if (labels === null) return { shapes: [], texts: [] };
  const { axis, box, plot } = scene;
  const size = layout.sizes.label;
  const tagHeight = Math.round(size * 1.5);
  const wishes = [
    { y: Math.round(axis.y(labels.latest.value)), height: tagHeight, fixed: true as const },
    { y: axis.y(labels.average.value), height: size * 1.05 },
    { y: axis.y(labels.median.value), height: size * 1.05 },
  ];
  const top = plot.y - Math.floor(box.head.height * 0.4);
  const bottom = plot.y + plot.height + Math.floor(box.head.height * 0.3);
  const [, averageY = 0, medianY = 0] = placeGutter(wishes, top, bottom, 2);
  const parts = [
    planLineLabel('average', labels.average, averageY, scene, layout, book),
    planLineLabel('median', labels.median, medianY, scene, layout, book),
    planTag(labels.latest, tagHeight, scene, layout, book),
  ];
  return {
    shapes: parts.flatMap(({ shapes }) => shapes),
    texts: parts.flatMap(({ texts }) => texts),
  };
}

/** A text at `middle`, with a stroke from the end of the line it speaks of. */
function planLineLabel(
  role: TextRole,
  { value, text }: Label,
  middle: number,
  { axis, plot }: PanelScene,
  { gutterX: x, sizes }: ChartLayout,
  book: GlyphBook,
): PlannedLabels {
  const right = plot.x + plot.width;
  const leader = [right, Math.round(axis.y(value)) + 0.5, x - 3, Math.round(middle) + 0.5];
  const size = sizes.label;
  const y = centredBaseline(middle, size);
  return {
    shapes: [{ kind: 'lines', color: COLOR.statistic, width: 1, lines: [leader] }],
    texts: [planText(book, { role, text, x, y, size, color: COLOR.muted })],
  };
}

/** The latest value on a plate that points at its height, and a dot on its bar. */
function planTag(
  { value, text }: Label,
  height: number,
  { axis, content, plot, scale }: PanelScene,
  { gutterX: x, sizes, unit }: ChartLayout,
  book: GlyphBook,
): PlannedLabels {
  const size = sizes.label;
  const color = content.tagColor;
  const right = plot.x + plot.width;
  const y = Math.round(axis.y(value));
  const inset = Math.round(size * 0.5);
  const width = Math.ceil(book.width(text, size, BOLD)) + inset * 2;
  const plate: Box = { x, y: y - Math.floor(height / 2), width, height };
  const tip = [right + 2, y, x + 2, y - height / 2 + 3, x + 2, y + height / 2 - 3];
  const dotX = scale.x(latestIndex(content));
  const radius = Math.max(3, Math.round(size * 0.3));
  const shapes: Shape[] = [
    { kind: 'area', color, numbers: [tip] },
    { kind: 'plate', box: plate, fill: color, stroke: color },
    { kind: 'dot', x: dotX, y: axis.y(value), radius },
  ];
  if (right - dotX > unit * 4) {
    const line = [dotX, y + 0.5, right, y + 0.5];
    shapes.unshift({ kind: 'lines', color, width: 1, lines: [line], dash: [2, 3] });
  }
  const wish = { role: 'latest' as const, text, size, color: COLOR.tagText, bold: true };
  const baseline = centredBaseline(y + 0.5, size);
  return { shapes, texts: [planText(book, { ...wish, x: x + inset, y: baseline })] };
}
