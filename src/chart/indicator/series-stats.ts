import type { Series } from './series.ts';

/**
 * Unrounded; null when the series has no value at all. `median` is the upper one of an even count.
 */
export interface SeriesStats {
  readonly latest: number | null;
  readonly max: number | null;
  readonly min: number | null;
  readonly average: number | null;
  readonly median: number | null;
}

/**
 * What the chart writes beside a series. Nulls are skipped; `latest` is the last value that is
 * none.
 */
export function seriesStats(series: Readonly<Series>): SeriesStats {
  const values = series.filter((value): value is number => value !== null);
  if (values.length === 0)
    return { latest: null, max: null, min: null, average: null, median: null };
  const sorted = Float64Array.from(values).toSorted();
  const last = sorted.length - 1;
  return {
    latest: values.at(-1) ?? null,
    max: sorted[last] ?? null,
    min: sorted[0] ?? null,
    average: average(values),
    median: sorted[Math.floor(sorted.length / 2)] ?? null,
  };
}

/**
 * Around the first value, so that a constant series averages to itself and huge values do not
 * overflow.
 */
function average(values: readonly number[]): number {
  const origin = values[0] ?? 0;
  let sum = 0;
  for (const value of values) sum += (value - origin) / values.length;
  return origin + sum;
}
