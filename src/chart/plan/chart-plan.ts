import type { Weight } from '../font/inter.ts';
import type { Shape } from '../mark/shape.ts';
import type { Box } from '../scale/box.ts';
import type { ChartLayout } from './chart-layout.ts';

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
