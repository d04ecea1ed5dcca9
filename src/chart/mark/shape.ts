import type { Box } from '../scale/box.ts';

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
