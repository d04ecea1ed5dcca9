import type { Bar } from '../../bars/bar.ts';
import { barScale, type BarScale } from './bar-scale.ts';
import { COLOR } from '../draw/chart-color.ts';
import type { ChartLayout, PanelBox } from './chart-layout.ts';
import type { Shape } from './chart-plan.ts';
import type { Indicators, Series } from '../indicator/compute-indicators.ts';
import { RSI_HIGH, RSI_LOW, type PanelContent } from '../panel/panel-content.ts';
import { Ink } from './place-callout.ts';
import {
  planBand,
  planCandles,
  planDashes,
  planHistogram,
  planLine,
  planVolume,
} from '../panel/plan-marks.ts';
import { valueAxis, valueTicks, type ValueAxis, type ValueTick } from './value-axis.ts';

/** One panel with its axes: what its marks and labels are placed by. */
export interface PanelScene {
  readonly box: PanelBox;
  readonly content: PanelContent;
  readonly scale: BarScale;
  readonly axis: ValueAxis;
  readonly ticks: readonly ValueTick[];
}

const LABELS_PER_TICK = 2;
/** Weights of ink under a label. */
const LINE_INK = 2;
const BAR_INK = 3;
const FAINT_INK = 1;

export function panelScene(
  content: PanelContent,
  box: PanelBox,
  bars: readonly Bar[],
  layout: ChartLayout,
): PanelScene {
  const { plot } = box;
  const values = [content.main, ...content.extent, ...content.lines.map(({ series }) => series)];
  const [min, max] = extentOf(values, content.include);
  const room = Math.min(plot.height * 0.16, layout.sizes.label * 1.6);
  const fromZero = content.name === 'volume';
  const space = {
    top: plot.y,
    bottom: plot.y + plot.height,
    padTop: room,
    padBottom: fromZero ? 0 : room,
  };
  const axis = valueAxis(
    fromZero && min === max ? 0 : min,
    fromZero && min === max ? 1 : max,
    space,
  );
  const most = Math.max(2, Math.floor(plot.height / (layout.sizes.label * LABELS_PER_TICK)));
  const ticks = content.needs === null ? ticksOf(content, axis, most) : [];
  return { box, content, scale: barScale(bars.length, plot), axis, ticks };
}

/** RSI is read against its limits, everything else against round numbers. */
function ticksOf(content: PanelContent, axis: ValueAxis, most: number): ValueTick[] {
  if (content.name !== 'rsi') return valueTicks(axis, most, content.style);
  return [RSI_LOW, 50, RSI_HIGH].map((value) => ({ value, label: String(value) }));
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

/**
 * Under the data: shaded bands, then the grid. `timeColumns` are the pixels of the vertical grid
 * lines.
 */
export function planBackground(
  scene: PanelScene,
  indicators: Indicators,
  timeColumns: readonly number[],
): Shape[] {
  const { axis, box, content, scale, ticks } = scene;
  const { plot } = box;
  const shapes: Shape[] = [];
  if (content.name === 'price') {
    const bands = planBand(indicators.bbUpper, indicators.bbLower, scale, axis);
    if (bands.length > 0) shapes.push({ kind: 'area', color: COLOR.bandFill, numbers: bands });
  }
  if (content.name === 'rsi') {
    const top = Math.round(axis.y(RSI_HIGH));
    const height = Math.round(axis.y(RSI_LOW)) - top;
    shapes.push({
      kind: 'rects',
      color: COLOR.rsiFill,
      numbers: [plot.x, top, plot.width, height],
    });
  }
  const grid: number[] = [];
  for (const tick of ticks) grid.push(plot.x, Math.round(axis.y(tick.value)), plot.width, 1);
  for (const column of timeColumns) grid.push(column, plot.y, 1, plot.height);
  const bottom = plot.y + plot.height;
  const right = plot.x + plot.width;
  const frame = [plot.x, plot.y, plot.width, 1, plot.x, bottom, plot.width + 1, 1];
  frame.push(plot.x, plot.y, 1, plot.height, right, plot.y, 1, plot.height);
  shapes.push(
    { kind: 'rects', color: COLOR.grid, numbers: grid },
    { kind: 'rects', color: COLOR.border, numbers: frame },
  );
  return shapes;
}

/**
 * The data itself: candles, bars, lines, and the dashed limits of RSI. `zoom` is 1 at the usual
 * size.
 */
export function planData(
  scene: PanelScene,
  bars: readonly Bar[],
  indicators: Indicators,
  zoom: number,
): Shape[] {
  const { axis, box, content, scale } = scene;
  const shapes: Shape[] = [];
  if (content.name === 'rsi') {
    for (const limit of [RSI_LOW, RSI_HIGH]) {
      shapes.push(planDashes(COLOR.rsiLimit, box.plot, axis.y(limit), 6, 4));
    }
  }
  if (content.name === 'volume') shapes.push(...planVolume(bars, scale, axis));
  if (content.name === 'macd' && content.needs === null) {
    const zero = Math.round(axis.y(0));
    shapes.push({
      kind: 'rects',
      color: COLOR.plateBorder,
      numbers: [box.plot.x, zero, box.plot.width, 1],
    });
    shapes.push(...planHistogram(indicators.histogram, scale, axis));
  }
  const lines = content.lines.map((line): Shape => {
    const base = { kind: 'lines' as const, color: line.color, width: line.width * zoom };
    const points = planLine(line.series, scale, axis);
    return line.dashed === true
      ? { ...base, lines: points, dash: [7 * zoom, 5 * zoom] }
      : { ...base, lines: points };
  });
  if (content.name !== 'price') return [...shapes, ...lines];
  return [...shapes, ...lines.slice(0, 2), ...planCandles(bars, scale, axis), ...lines.slice(2)];
}

/** Dashed average and dotted (upper) median across the plot. */
export function planStatistics(scene: PanelScene): Shape[] {
  const { average, median } = scene.content.stats;
  if (average === null || median === null) return [];
  const { axis, box } = scene;
  return [
    planDashes(COLOR.statistic, box.plot, axis.y(average), 9, 9),
    planDashes(COLOR.statistic, box.plot, axis.y(median), 3, 3),
  ];
}

/** Which pixels the marks of a panel cover, for labels to keep away from. */
export function inkOf(scene: PanelScene, bars: readonly Bar[], indicators: Indicators): Ink {
  const { axis, box, content, scale } = scene;
  const ink = new Ink(box.plot);
  const reach = Math.max(Math.floor(scale.bodyWidth / 2), 1);
  const spread = (
    index: number,
    top: number,
    bottom: number,
    half: number,
    weight = BAR_INK,
  ): void => {
    for (let column = scale.column(index) - half; column <= scale.column(index) + half; column++) {
      ink.add(column, top, bottom, weight);
    }
  };
  bars.forEach((bar, index) => {
    if (content.name === 'price') spread(index, axis.y(bar.high), axis.y(bar.low), reach);
    if (content.name === 'volume' && bar.volume !== null)
      spread(index, axis.y(bar.volume), axis.y(0), reach);
    const value = content.name === 'macd' ? (indicators.histogram[index] ?? null) : null;
    if (value !== null)
      spread(index, Math.min(axis.y(value), axis.y(0)), Math.max(axis.y(value), axis.y(0)), reach);
  });
  for (const { series, width } of content.lines) {
    for (const points of planLine(series, scale, axis))
      inkLine(ink, points, width > 1 ? LINE_INK : FAINT_INK);
  }
  return ink;
}

function inkLine(ink: Ink, points: readonly number[], weight: number): void {
  for (let i = 0; i + 3 < points.length; i += 2) {
    const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = points.slice(i, i + 4);
    const from = Math.floor(x1);
    const to = Math.max(from, Math.floor(x2));
    for (let column = from; column <= to; column++) {
      const y = y1 + ((y2 - y1) * (column - from)) / Math.max(1, to - from);
      ink.add(column, y - 1, y + 1, weight);
    }
  }
}
