import type { GlyphBook } from '../font/glyph-book.ts';
import { REGULAR } from '../font/inter.ts';
import type { Ink } from '../mark/ink.ts';
import type { Shape } from '../mark/shape.ts';
import type { Box } from '../scale/box.ts';
import type { ChartLayout } from './chart-layout.ts';
import type { PlannedText } from './chart-plan.ts';
import { COLOR } from './color.ts';
import { labelsOf, latestIndex, type PlannedLabels } from './labels.ts';
import type { PanelScene } from './panel-scene.ts';
import { placeCallout } from './place-callout.ts';
import { centredBaseline, planText } from './plan-text.ts';

/** Max and Min at their first occurrence, each on a plate with an arrow to its point. */
export function planCallouts(
  scene: PanelScene,
  ink: Ink,
  obstacles: readonly Box[],
  layout: ChartLayout,
  book: GlyphBook,
): PlannedLabels {
  const { axis, box, content, scale } = scene;
  const labels = labelsOf(content);
  if (labels === null) return { shapes: [], texts: [] };
  const size = layout.sizes.label;
  const { plot, head } = box;
  const lift = Math.floor(head.height * 0.8);
  const bounds = {
    x: plot.x + 4,
    y: plot.y - lift,
    width: plot.width - 8,
    height: plot.height + lift - 2,
  };
  const latest = latestIndex(content);
  const dot = {
    x: scale.x(latest) - 5,
    y: axis.y(content.main[latest] ?? 0) - 5,
    width: 10,
    height: 10,
  };
  const taken = [...obstacles, dot];
  const shapes: Shape[] = [];
  const planned: PlannedText[] = [];
  for (const role of ['max', 'min'] as const) {
    const { value, text } = labels[role];
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
