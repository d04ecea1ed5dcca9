import { INDICATORS } from './chart-spec.ts';
import type { Indicator } from './indicator/indicator.ts';
import type { SeriesBook } from './indicator/series-book.ts';
import type { Series } from './indicator/series.ts';

/** Every series of a chart under its name on the wire, in the order of the wire. */
export function wireSeries(
  series: SeriesBook,
  indicators: readonly Indicator[] = INDICATORS,
): Record<string, Series> {
  return Object.fromEntries(
    indicators.flatMap((indicator) => {
      const values = series.of(indicator);
      return Object.entries(indicator.wire).map(([key, name]) => [name, values[key] ?? []]);
    }),
  );
}
