/** One value per bar; null where it is not defined, as before its first bar. */
export type Series = (number | null)[];

export function isEmpty(series: Series): boolean {
  return series.every((value) => value === null);
}

/** The value of the last bar, null where it has none. */
export function lastValue(series: Series): number | null {
  return series.at(-1) ?? null;
}

/**
 * Prices near the end of the number range overflow in sums and squares: what has no finite value
 * has none.
 */
export function finite(series: Series): Series {
  return series.every((value) => value === null || Number.isFinite(value))
    ? series
    : series.map((value) => (value !== null && Number.isFinite(value) ? value : null));
}
