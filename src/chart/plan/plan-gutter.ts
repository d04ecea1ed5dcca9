import type { GlyphBook } from '../font/glyph-book.ts';
import { BOLD, REGULAR } from '../font/inter.ts';
import type { Shape } from '../mark/shape.ts';
import type { Box } from '../scale/box.ts';
import type { ChartLayout } from './chart-layout.ts';
import type { PlannedText } from './chart-plan.ts';
import { COLOR } from './color.ts';
import { labelTexts, latestIndex, type PlannedLabels, type StatedContent } from './label-texts.ts';
import type { PanelScene } from './panel-scene.ts';
import { placeGutter } from './place-gutter.ts';
import { centredBaseline, planText } from './plan-text.ts';

/** Pixels that the gutter of a panel needs for its texts. */
export function gutterWidth(content: StatedContent, book: GlyphBook, size: number): number {
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
  const lastX = scale.x(latestIndex(content));
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
    color: COLOR.tagText,
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
