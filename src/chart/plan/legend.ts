import { isEmpty, type Series } from '../indicator/series.ts';

/** How an item of a legend looks. */
export type Swatch =
  | { readonly kind: 'line'; readonly color: string }
  | { readonly kind: 'dashes'; readonly color: string }
  | { readonly kind: 'bars'; readonly colors: readonly string[] }
  | { readonly kind: 'band'; readonly fill: string; readonly stroke: string };

export interface LegendItem {
  readonly label: string;
  /** null: nothing is drawn, the label says why. */
  readonly swatch: Swatch | null;
}

/** The item of `series`, or how many bars it would need to be drawn. */
export function legendItem(
  label: string,
  swatch: Swatch,
  series: Series,
  bars: number,
): LegendItem {
  return isEmpty(series)
    ? { label: `${label} needs ${bars} bars`, swatch: null }
    : { label, swatch };
}
