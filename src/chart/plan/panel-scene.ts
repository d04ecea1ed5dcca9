import type { Series } from '../indicator/series.ts';
import type { PanelPlace } from '../mark/mark.ts';
import { barScale } from '../scale/bar-scale.ts';
import {
  fixedTicks,
  valueAxis,
  valueTicks,
  type ValueAxis,
  type ValueTick,
} from '../scale/value-axis.ts';
import type { ChartLayout, PanelBox } from './chart-layout.ts';
import type { StatedContent } from './labels.ts';
import type { AxisWish } from './panel.ts';

/** One panel with its axes: what its marks and labels are placed by. */
export interface PanelScene extends PanelPlace {
  readonly box: PanelBox;
  readonly content: StatedContent;
  readonly ticks: readonly ValueTick[];
}

const LABELS_PER_TICK = 2;
/** Pixels of labels at which lines have the width that panels name. */
const USUAL_LABEL_PX = 15;

export function panelScene(
  content: StatedContent,
  box: PanelBox,
  barCount: number,
  { sizes }: ChartLayout,
): PanelScene {
  const { plot } = box;
  const wish = content.axis ?? {};
  const axis = axisOf(content, wish, plot.y, plot.height, sizes.label * 1.6);
  const most = Math.max(2, Math.floor(plot.height / (sizes.label * LABELS_PER_TICK)));
  const ticks =
    wish.ticks === undefined
      ? valueTicks(axis, most, content.style)
      : fixedTicks(wish.ticks, content.style);
  return {
    box,
    content,
    plot,
    scale: barScale(barCount, plot),
    axis,
    ticks: content.needs === null ? ticks : [],
    zoom: sizes.label / USUAL_LABEL_PX,
  };
}

function axisOf(
  { main, marks }: StatedContent,
  { include = [], fromZero = false }: AxisWish,
  top: number,
  height: number,
  callout: number,
): ValueAxis {
  const series = [main, ...marks.flatMap((mark) => mark.series ?? [])];
  const [min, max] = extentOf(series, include);
  const room = Math.min(height * 0.16, callout);
  const space = { top, bottom: top + height, padTop: room, padBottom: fromZero ? 0 : room };
  return fromZero && min === max ? valueAxis(0, 1, space) : valueAxis(min, max, space);
}

function extentOf(series: readonly Series[], include: readonly number[]): [number, number] {
  let min = Infinity;
  let max = -Infinity;
  for (const values of series) {
    for (const value of values) {
      if (value === null) continue;
      if (value < min) min = value;
      if (value > max) max = value;
    }
  }
  for (const value of include) {
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  return min > max ? [0, 1] : [min, max];
}
