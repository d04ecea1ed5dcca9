import type { Series } from '../indicator/series.ts';
import type { BarScale } from '../scale/bar-scale.ts';
import type { ValueAxis } from '../scale/value-axis.ts';
import type { Mark } from './mark.ts';

export interface LineStyle {
  readonly color: string;
  /** Pixels at the usual size. */
  readonly width: number;
  readonly dashed?: true;
}

const DASH_PX = 7;
const DASH_GAP_PX = 5;

/** A series as a line. */
export function line(series: Series, { color, width, dashed }: LineStyle): Mark {
  return {
    series: [series],
    shapes({ scale, axis, zoom }) {
      const lines = polylines(series, scale, axis);
      const shape = { kind: 'lines' as const, color, width: width * zoom, lines };
      return dashed === true ? [{ ...shape, dash: [DASH_PX * zoom, DASH_GAP_PX * zoom] }] : [shape];
    },
    cover(ink, { scale, axis }) {
      for (const points of polylines(series, scale, axis)) ink.addLine(points, width);
    },
  };
}

/** The surface between two series, as one outline per stretch where both have values. */
export function band(upper: Series, lower: Series, color: string): Mark {
  return {
    shapes({ scale, axis }) {
      const above = polylines(upper, scale, axis);
      const below = polylines(lower, scale, axis);
      if (above.length === 0) return [];
      const numbers = above.map((points, i) => points.concat(reversePoints(below[i] ?? [])));
      return [{ kind: 'area', color, numbers }];
    },
  };
}

/**
 * Lists of x, y along a series, broken where it has no value. A value between two gaps is drawn as
 * a short stroke.
 */
export function polylines(series: Series, scale: BarScale, axis: ValueAxis): number[][] {
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

function reversePoints(points: readonly number[]): number[] {
  const reversed: number[] = [];
  for (let i = points.length - 2; i >= 0; i -= 2) reversed.push(points[i] ?? 0, points[i + 1] ?? 0);
  return reversed;
}
