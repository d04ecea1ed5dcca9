import type { Bar } from '../../bars/bar.ts';
import type { BarScale } from '../plan/bar-scale.ts';
import { COLOR } from '../draw/chart-color.ts';
import type { Box } from '../plan/chart-layout.ts';
import type { Shape } from '../plan/chart-plan.ts';
import type { Series } from '../indicator/compute-indicators.ts';
import type { ValueAxis } from '../plan/value-axis.ts';

/** Rectangles collected per colour: one path per colour is what makes them cheap to draw. */
class RectLayers {
  readonly #layers = new Map<string, number[]>();

  constructor(colors: readonly string[]) {
    for (const color of colors) this.#layers.set(color, []);
  }

  add(color: string, x: number, y: number, width: number, height: number): void {
    this.#layers.get(color)?.push(x, y, width, height);
  }

  shapes(): Shape[] {
    return [...this.#layers].flatMap(([color, numbers]) =>
      numbers.length === 0 ? [] : [{ kind: 'rects' as const, color, numbers }],
    );
  }
}

const HOLLOW_FROM_PX = 5;

/**
 * Candles: wick from low to high, body from open to close; wide bodies are filled pale within a
 * solid edge.
 */
export function planCandles(bars: readonly Bar[], scale: BarScale, axis: ValueAxis): Shape[] {
  const layers = new RectLayers([COLOR.upPale, COLOR.downPale, COLOR.up, COLOR.down]);
  const fills = new RectLayers([COLOR.upPale, COLOR.downPale]);
  const thin = scale.bodyWidth === 1;
  for (const { bar, column } of scale.crowded
    ? mergeColumns(bars, scale)
    : eachColumn(bars, scale)) {
    const rising = bar.close >= bar.open;
    const [solid, pale] = rising ? [COLOR.up, COLOR.upPale] : [COLOR.down, COLOR.downPale];
    const high = Math.round(axis.y(bar.high));
    const low = Math.max(high + 1, Math.round(axis.y(bar.low)));
    const top = Math.round(axis.y(Math.max(bar.open, bar.close)));
    const bottom = Math.max(top + 1, Math.round(axis.y(Math.min(bar.open, bar.close))));
    layers.add(thin ? pale : solid, column, high, 1, low - high);
    const left = column - Math.floor((scale.bodyWidth - 1) / 2);
    layers.add(solid, left, top, scale.bodyWidth, bottom - top);
    if (scale.bodyWidth >= HOLLOW_FROM_PX && bottom - top > 2) {
      fills.add(pale, left + 1, top + 1, scale.bodyWidth - 2, bottom - top - 2);
    }
  }
  return [...layers.shapes(), ...fills.shapes()];
}

interface PlacedBar {
  readonly bar: Pick<Bar, 'open' | 'high' | 'low' | 'close' | 'volume'>;
  readonly column: number;
}

function eachColumn(bars: readonly Bar[], scale: BarScale): PlacedBar[] {
  return bars.map((bar, index) => ({ bar, column: scale.column(index) }));
}

/**
 * Bars of one column of pixels as one: first open, last close, highest high, lowest low, largest
 * volume (if any has one).
 */
function mergeColumns(bars: readonly Bar[], scale: BarScale): PlacedBar[] {
  const merged: {
    bar: { open: number; high: number; low: number; close: number; volume: number | null };
    column: number;
  }[] = [];
  bars.forEach((bar, index) => {
    const column = scale.column(index);
    const last = merged.at(-1);
    if (last === undefined || last.column !== column) {
      merged.push({ bar: { ...bar }, column });
      return;
    }
    last.bar.high = Math.max(last.bar.high, bar.high);
    last.bar.low = Math.min(last.bar.low, bar.low);
    last.bar.close = bar.close;
    last.bar.volume =
      bar.volume === null ? last.bar.volume : Math.max(last.bar.volume ?? 0, bar.volume);
  });
  return merged;
}

/**
 * Volume columns from 0, at least one pixel high: a volume of 0 is drawn, too. A bar without volume
 * leaves a gap.
 */
export function planVolume(bars: readonly Bar[], scale: BarScale, axis: ValueAxis): Shape[] {
  const layers = new RectLayers([COLOR.up, COLOR.down]);
  const base = Math.round(axis.y(0));
  for (const { bar, column } of scale.crowded
    ? mergeColumns(bars, scale)
    : eachColumn(bars, scale)) {
    if (bar.volume === null) continue;
    const top = Math.min(base - 1, Math.round(axis.y(bar.volume)));
    const color = bar.close >= bar.open ? COLOR.up : COLOR.down;
    layers.add(
      color,
      column - Math.floor((scale.bodyWidth - 1) / 2),
      top,
      scale.bodyWidth,
      base - top,
    );
  }
  return layers.shapes();
}

/**
 * The shade of a histogram bar: by its sign and by whether it moves away from zero. The first one
 * counts as moving away.
 */
export function histogramColor(value: number, before: number | null): string {
  if (value >= 0)
    return before === null || value >= before ? COLOR.aboveGrowing : COLOR.aboveShrinking;
  return before === null || value <= before ? COLOR.belowFalling : COLOR.belowRising;
}

export function planHistogram(histogram: Series, scale: BarScale, axis: ValueAxis): Shape[] {
  const layers = new RectLayers([
    COLOR.aboveShrinking,
    COLOR.belowRising,
    COLOR.aboveGrowing,
    COLOR.belowFalling,
  ]);
  const zero = Math.round(axis.y(0));
  histogram.forEach((value, index) => {
    if (value === null) return;
    const end = Math.round(axis.y(value));
    const top = Math.min(zero, end);
    const color = histogramColor(value, histogram[index - 1] ?? null);
    layers.add(color, scale.left(index), top, scale.bodyWidth, Math.max(1, Math.abs(end - zero)));
  });
  return layers.shapes();
}

/**
 * Polylines of a series, broken where it has no value. A value between two gaps is drawn as a short
 * stroke.
 */
export function planLine(series: Series, scale: BarScale, axis: ValueAxis): number[][] {
  const lines: number[][] = [];
  let line: number[] = [];
  const finish = (): void => {
    const [x, y] = line;
    if (x !== undefined && y !== undefined && line.length === 2)
      line = [x - scale.step / 2, y, x + scale.step / 2, y];
    if (line.length > 0) lines.push(line);
    line = [];
  };
  series.forEach((value, index) => {
    if (value === null) finish();
    else line.push(scale.x(index), axis.y(value));
  });
  finish();
  return scale.crowded ? lines.map((points) => thinOut(points)) : lines;
}

/**
 * Of the points in one column of pixels only the first, lowest, highest and last: the line covers
 * the same pixels.
 */
function thinOut(points: readonly number[]): number[] {
  const kept: number[] = [];
  const keep = (i: number): void => {
    kept.push(points[i] ?? 0, points[i + 1] ?? 0);
  };
  for (let start = 0; start < points.length;) {
    const column = Math.floor(points[start] ?? 0);
    let least = start;
    let most = start;
    let end = start + 2;
    for (; end < points.length && Math.floor(points[end] ?? 0) === column; end += 2) {
      if ((points[end + 1] ?? 0) < (points[least + 1] ?? 0)) least = end;
      if ((points[end + 1] ?? 0) > (points[most + 1] ?? 0)) most = end;
    }
    const first = Math.min(least, most);
    const second = Math.max(least, most);
    keep(start);
    if (first > start) keep(first);
    if (second > first) keep(second);
    if (end - 2 > second) keep(end - 2);
    start = end;
  }
  return kept;
}

/** The surface between two series, as one outline per stretch where both have values. */
export function planBand(
  upper: Series,
  lower: Series,
  scale: BarScale,
  axis: ValueAxis,
): number[][] {
  const above = planLine(upper, scale, axis);
  const below = planLine(lower, scale, axis);
  return above.map((line, i) => line.concat(reversePoints(below[i] ?? [])));
}

function reversePoints(points: readonly number[]): number[] {
  const reversed: number[] = [];
  for (let i = points.length - 2; i >= 0; i -= 2) reversed.push(points[i] ?? 0, points[i + 1] ?? 0);
  return reversed;
}

/** Horizontal strokes, one pixel high: `drawn` pixels, then `left` pixels left out. */
export function planDashes(
  color: string,
  plot: Box,
  y: number,
  drawn: number,
  left: number,
): Shape {
  const numbers: number[] = [];
  const end = plot.x + plot.width;
  const row = Math.round(y);
  for (let x = plot.x; x < end; x += drawn + left)
    numbers.push(x, row, Math.min(drawn, end - x), 1);
  return { kind: 'rects', color, numbers };
}
