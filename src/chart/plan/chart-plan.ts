import type { Box, ChartLayout } from './chart-layout.ts';
import type { Weight } from '../draw/chart-font.ts';

/** What a text is there for; tests and the frame tell texts apart by it. */
export type TextRole =
  | 'title'
  | 'meta'
  | 'subtitle'
  | 'panel-title'
  | 'legend'
  | 'axis-title'
  | 'value-tick'
  | 'time-tick'
  | 'max'
  | 'min'
  | 'average'
  | 'median'
  | 'latest'
  | 'needs';

/**
 * A text at its place. `x` is its left edge and `y` its baseline, in pixels; `box` is what it
 * covers.
 */
export interface PlannedText {
  readonly role: TextRole;
  readonly text: string;
  readonly x: number;
  readonly y: number;
  readonly size: number;
  readonly weight: Weight;
  readonly color: string;
  readonly box: Box;
  /** Reads upwards, around `x`, `y`. */
  readonly upwards?: true;
}

/** Shapes are drawn in order. All numbers are pixels. */
export type Shape =
  /** Sharp rectangles of one colour: x, y, width, height, each whole. */
  | { readonly kind: 'rects'; readonly color: string; readonly numbers: readonly number[] }
  /** Open lines of one colour: each a list of x, y. */
  | {
      readonly kind: 'lines';
      readonly color: string;
      readonly width: number;
      readonly lines: readonly (readonly number[])[];
      /** Pixels drawn, pixels left out. */
      readonly dash?: readonly [number, number];
    }
  /** A filled outline: x, y. */
  | {
      readonly kind: 'area';
      readonly color: string;
      readonly numbers: readonly (readonly number[])[];
    }
  | { readonly kind: 'dot'; readonly x: number; readonly y: number; readonly radius: number }
  /** A box with round corners. */
  | { readonly kind: 'plate'; readonly box: Box; readonly fill: string; readonly stroke: string };

/** Everything that is drawn, decided: a test can read it without looking at pixels. */
export interface ChartPlan {
  readonly width: number;
  readonly height: number;
  readonly layout: ChartLayout;
  /** SVG of the legends' swatches. */
  readonly swatches: string;
  readonly shapes: readonly Shape[];
  readonly texts: readonly PlannedText[];
}
