import type { SeriesBook } from '../indicator/series-book.ts';
import type { Series } from '../indicator/series.ts';
import type { Mark } from '../mark/mark.ts';
import type { NumberStyle } from '../scale/number-format.ts';
import type { LegendItem } from './legend.ts';

/** All that is particular to one panel. Whoever plans, draws or describes a chart asks it. */
export interface Panel {
  /** What it shows of these bars, before anything has a place. */
  content(series: SeriesBook): PanelContent;
  /** What it shows in whole sentences; empty where there is nothing to say. */
  describe(series: SeriesBook): string;
}

/** The panels there are, by the names that a spec has for them. */
export type Panels<Name extends string = string> = Readonly<Record<Name, Panel>>;

export interface PanelContent {
  readonly title: string;
  /** Read along the value axis. */
  readonly axisTitle: string;
  readonly legend: readonly LegendItem[];
  /** How its numbers are written. */
  readonly style: NumberStyle;
  /** The series that Max, Min, Avg, Med and the latest value speak of. */
  readonly main: Series;
  /** Of the tag with the latest value. */
  readonly tagColor: string;
  readonly axis?: AxisWish;
  /** Shaded areas under the grid. */
  readonly shades?: readonly Mark[];
  /** The data, each mark over those before it. */
  readonly marks: readonly Mark[];
  /** Said in the middle of an empty panel: `RSI 14 needs 15 bars`. Null: it is not empty. */
  readonly needs: string | null;
}

/** What a panel wants of its value axis besides room for its series. */
export interface AxisWish {
  /** Values that are always on it. */
  readonly include?: readonly number[];
  /** It begins at 0, without space below. */
  readonly fromZero?: boolean;
  /** Ticks at these values, not at round numbers. */
  readonly ticks?: readonly number[];
}
