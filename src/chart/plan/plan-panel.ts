import { Ink } from '../mark/ink.ts';
import { dashes } from '../mark/rects.ts';
import type { Shape } from '../mark/shape.ts';
import { COLOR } from './color.ts';
import type { PanelScene } from './panel-scene.ts';

/**
 * Under the data: shades, then the grid and the panel's border. `timeColumns` are the pixels of the
 * vertical grid lines.
 */
export function planBackground(scene: PanelScene, timeColumns: readonly number[]): Shape[] {
  const { axis, content, plot, ticks } = scene;
  const grid: number[] = [];
  for (const tick of ticks) grid.push(plot.x, Math.round(axis.y(tick.value)), plot.width, 1);
  for (const column of timeColumns) grid.push(column, plot.y, 1, plot.height);
  const bottom = plot.y + plot.height;
  const right = plot.x + plot.width;
  const frame = [plot.x, plot.y, plot.width, 1, plot.x, bottom, plot.width + 1, 1];
  frame.push(plot.x, plot.y, 1, plot.height, right, plot.y, 1, plot.height);
  return [
    ...(content.shades ?? []).flatMap((shade) => shade.shapes(scene)),
    { kind: 'rects', color: COLOR.grid, numbers: grid },
    { kind: 'rects', color: COLOR.border, numbers: frame },
  ];
}

/** Dashed average and dotted (upper) median across the plot. */
export function planStatistics({ axis, content, plot }: PanelScene): Shape[] {
  const { average, median } = content.stats;
  if (average === null || median === null) return [];
  return [
    dashes(COLOR.statistic, plot, axis.y(average), 9, 9),
    dashes(COLOR.statistic, plot, axis.y(median), 3, 3),
  ];
}

/** The data itself. */
export function planMarks(scene: PanelScene): Shape[] {
  return scene.content.marks.flatMap((mark) => mark.shapes(scene));
}

/** Which pixels the marks cover, for labels to keep away from. */
export function inkOf(scene: PanelScene): Ink {
  const ink = new Ink(scene.plot);
  for (const mark of scene.content.marks) mark.cover?.(ink, scene);
  return ink;
}
