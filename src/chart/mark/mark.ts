import type { Series } from '../indicator/series.ts';
import type { BarScale } from '../scale/bar-scale.ts';
import type { Box } from '../scale/box.ts';
import type { ValueAxis } from '../scale/value-axis.ts';
import type { Ink } from './ink.ts';
import type { Shape } from './shape.ts';

/** Something drawn from data. */
export interface Mark {
  /** Series that need room on the axis. */
  readonly series?: readonly Series[];
  shapes(place: PanelPlace): readonly Shape[];
  /** Weighs the pixels it covers; labels keep away from them. Without: it may be covered. */
  cover?(ink: Ink, place: PanelPlace): void;
}

/** What marks are placed by. */
export interface PanelPlace {
  /** Where data is drawn. */
  readonly plot: Box;
  readonly scale: BarScale;
  readonly axis: ValueAxis;
  /** Width of lines; 1 at the usual size of fonts. */
  readonly zoom: number;
}
