import type { Box } from './box.ts';

/** Where bars stand along the time axis: evenly spaced, so weekends and nights leave no gaps. */
export interface BarScale {
  readonly count: number;
  /** Pixels from one bar to the next. */
  readonly step: number;
  /** Pixels; odd from 3 on, so that a body has its wick in the middle. */
  readonly bodyWidth: number;
  /** Whether several bars share a column of pixels. */
  readonly crowded: boolean;
  /** Left edge of a bar's body, whole pixels. */
  left(index: number): number;
  /** Middle of a bar, pixels. */
  x(index: number): number;
  /** Column of pixels (whole) that the middle of a bar lies in. */
  column(index: number): number;
}

const WIDEST_BODY_PX = 41;
const BODY_SHARE = 0.72;
const CROWDED_STEP_PX = 1;

export function barScale(count: number, plot: Box): BarScale {
  const step = plot.width / count;
  const widest = Math.min(WIDEST_BODY_PX, Math.floor(step * BODY_SHARE));
  const bodyWidth = Math.max(1, widest > 2 && widest % 2 === 0 ? widest - 1 : widest);
  const x = (index: number): number => plot.x + (index + 0.5) * step;
  const column = (index: number): number => Math.floor(x(index));
  const left = (index: number): number => column(index) - Math.floor((bodyWidth - 1) / 2);
  return { count, step, bodyWidth, crowded: step < CROWDED_STEP_PX, x, column, left };
}
