import { COLOR } from '../draw/chart-color.ts';
import { BOLD, REGULAR } from '../draw/chart-font.ts';
import type { Box, ChartLayout } from './chart-layout.ts';
import type { PlannedText, Shape } from './chart-plan.ts';
import type { GlyphBook } from '../draw/glyph-book.ts';
import { formatNumber } from './number-format.ts';
import type { PanelContent } from '../panel/panel-content.ts';
import { placeCallout, type Ink } from './place-callout.ts';
import { placeGutter } from './place-gutter.ts';
import type { PanelScene } from './plan-panel.ts';
import { centredBaseline, planText } from './plan-text.ts';

export interface PlannedLabels {
  readonly shapes: Shape[];
  readonly texts: PlannedText[];
}

const TAG_TEXT = '#ffffff';

/** What the gutter and the callouts of a panel say; null for a series without values. */
export function labelTexts({ stats, style }: PanelContent) {
  const { latest, max, min, average, median } = stats;
  if (latest === null || max === null || min === null || average === null || median === null)
    return null;
  const text = (value: number): string => formatNumber(value, style);
  return {
    latest: text(latest),
    max: `Max ${text(max)}`,
    min: `Min ${text(min)}`,
    average: `Avg ${text(average)}`,
    median: `Med ${text(median)}`,
  };
}

/** Pixels that the gutter of a panel needs for its texts. */
export function gutterWidth(content: PanelContent, book: GlyphBook, size: number): number {
  const texts = labelTexts(content);
  if (texts === null) return 0;
  const widths = [
    book.width(texts.average, size, REGULAR),
    book.width(texts.median, size, REGULAR),
  ];
  return Math.max(...widths, book.width(texts.latest, size, BOLD) + size);
}

/**
 * The gutter on the right: the latest value as a tag at its true height, Avg and Med beside their
 * lines.
 */
export function planGutter(scene: PanelScene, layout: ChartLayout, book: GlyphBook): PlannedLabels {
  const { axis, box, content, scale } = scene;
  const texts = labelTexts(content);
  const { latest, average, median } = content.stats;
  if (texts === null || latest === null || average === null || median === null)
    return { shapes: [], texts: [] };
  const { plot, head } = box;
  const size = layout.sizes.label;
  const right = plot.x + plot.width;
  const tagHeight = Math.round(size * 1.5);
  const tagY = Math.round(axis.y(latest));
  const lines = [
    { role: 'average' as const, text: texts.average, y: axis.y(average) },
    { role: 'median' as const, text: texts.median, y: axis.y(median) },
  ];
  const wishes = [
    { y: tagY, height: tagHeight, fixed: true as const },
    ...lines.map(({ y }) => ({ y, height: size * 1.05 })),
  ];
  const top = plot.y - Math.floor(head.height * 0.4);
  const bottom = plot.y + plot.height + Math.floor(head.height * 0.3);
  const [, ...places] = placeGutter(wishes, top, bottom, 2);

  const x = layout.gutterX;
  const inset = Math.round(size * 0.5);
  const tagWidth = Math.ceil(book.width(texts.latest, size, BOLD)) + inset * 2;
  const tag: Box = { x, y: tagY - Math.floor(tagHeight / 2), width: tagWidth, height: tagHeight };
  const shapes: Shape[] = [];
  const planned: PlannedText[] = [];
  lines.forEach((line, i) => {
    const middle = places[i] ?? line.y;
    const leader = [right, Math.round(line.y) + 0.5, x - 3, Math.round(middle) + 0.5];
    shapes.push({ kind: 'lines', color: COLOR.statistic, width: 1, lines: [leader] });
    const y = centredBaseline(middle, size);
    planned.push(
      planText(book, { role: line.role, text: line.text, x, y, size, color: COLOR.muted }),
    );
  });
  const lastX = scale.x(scale.count - 1 - trailingNulls(content));
  if (right - lastX > layout.unit * 4) {
    shapes.push({
      kind: 'lines',
      color: content.tagColor,
      width: 1,
      lines: [[lastX, tagY + 0.5, right, tagY + 0.5]],
      dash: [2, 3],
    });
  }
  const tip = [right + 2, tagY, x + 2, tagY - tagHeight / 2 + 3, x + 2, tagY + tagHeight / 2 - 3];
  shapes.push({ kind: 'area', color: content.tagColor, numbers: [tip] });
  shapes.push({ kind: 'plate', box: tag, fill: content.tagColor, stroke: content.tagColor });
  const tagText = {
    role: 'latest' as const,
    text: texts.latest,
    size,
    color: TAG_TEXT,
    bold: true,
  };
  planned.push(planText(book, { ...tagText, x: x + inset, y: centredBaseline(tagY + 0.5, size) }));
  shapes.push({
    kind: 'dot',
    x: lastX,
    y: axis.y(latest),
    radius: Math.max(3, Math.round(size * 0.3)),
  });
  return { shapes, texts: planned };
}

function trailingNulls({ main }: PanelContent): number {
  let count = 0;
  while (count < main.length && main[main.length - 1 - count] === null) count++;
  return count;
}

/** Max and Min at their first occurrence, each on a plate with an arrow to its point. */
export function planCallouts(
  scene: PanelScene,
  ink: Ink,
  obstacles: readonly Box[],
  layout: ChartLayout,
  book: GlyphBook,
): PlannedLabels {
  const { axis, box, content, scale } = scene;
  const texts = labelTexts(content);
  const { max, min } = content.stats;
  if (texts === null || max === null || min === null) return { shapes: [], texts: [] };
  const size = layout.sizes.label;
  const { plot, head } = box;
  const lift = Math.floor(head.height * 0.8);
  const bounds = {
    x: plot.x + 4,
    y: plot.y - lift,
    width: plot.width - 8,
    height: plot.height + lift - 2,
  };
  const latestIndex = scale.count - 1 - trailingNulls(content);
  const dot = {
    x: scale.x(latestIndex) - 5,
    y: axis.y(content.main[latestIndex] ?? 0) - 5,
    width: 10,
    height: 10,
  };
  const taken = [...obstacles, dot];
  const shapes: Shape[] = [];
  const planned: PlannedText[] = [];
  for (const [role, value, text] of [
    ['max', max, texts.max] as const,
    ['min', min, texts.min] as const,
  ]) {
    const point = { x: scale.x(content.main.indexOf(value)), y: axis.y(value) };
    const width = Math.ceil(book.width(text, size, REGULAR)) + Math.round(size * 0.7);
    const height = Math.round(size * 1.35);
    const place = placeCallout(
      { ...point, width, height, above: role === 'max' },
      bounds,
      ink,
      taken,
      3,
    );
    if (place === null) continue;
    taken.push(place);
    shapes.push(...arrow(place, point, size), {
      kind: 'plate',
      box: place,
      fill: COLOR.plate,
      stroke: COLOR.plateBorder,
    });
    const x = place.x + place.width / 2;
    const y = centredBaseline(place.y + height / 2, size);
    planned.push(planText(book, { role, text, x, y, size, color: COLOR.text, anchor: 'middle' }));
  }
  return { shapes, texts: planned };
}

/** From the middle of the plate's nearer side to just before the point. */
function arrow(plate: Box, point: { x: number; y: number }, size: number): Shape[] {
  const startX = Math.min(plate.x + plate.width - 6, Math.max(plate.x + 6, point.x));
  const below = point.y > plate.y + plate.height;
  const above = point.y < plate.y;
  const startY = below ? plate.y + plate.height : above ? plate.y : plate.y + plate.height / 2;
  const from = below || above ? startX : point.x > plate.x ? plate.x + plate.width : plate.x;
  const [dx, dy] = [point.x - from, point.y - startY];
  const length = Math.sqrt(dx * dx + dy * dy);
  if (length < 4) return [];
  const [ux, uy] = [dx / length, dy / length];
  const head = Math.min(size * 0.5, length * 0.6);
  const tip = { x: point.x - ux * 2, y: point.y - uy * 2 };
  const back = { x: tip.x - ux * head, y: tip.y - uy * head };
  const half = head * 0.38;
  const triangle = [
    tip.x,
    tip.y,
    back.x - uy * half,
    back.y + ux * half,
    back.x + uy * half,
    back.y - ux * half,
  ];
  return [
    { kind: 'lines', color: COLOR.text, width: 1.2, lines: [[from, startY, back.x, back.y]] },
    { kind: 'area', color: COLOR.text, numbers: [triangle] },
  ];
}
