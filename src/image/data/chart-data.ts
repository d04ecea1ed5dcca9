import type { Bar } from '../../bars/bar.ts';
import { DEFAULT_SPEC } from '../../chart/chart-spec.ts';
import { describeChart } from '../../chart/describe-chart.ts';
import { SeriesBook } from '../../chart/indicator/series-book.ts';
import { seriesStats } from '../../chart/indicator/series-stats.ts';
import { wireSeries } from '../../chart/wire-series.ts';
import type { Picture } from '../picture.ts';

const DAY_MS = 86_400_000;

/**
 * The numbers behind a chart: every series as long as `dates`, null where it has no value,
 * unrounded.
 */
export function indicatorsOf({ bars, symbol, timeframe }: Picture) {
  const book = new SeriesBook(bars, DEFAULT_SPEC.indicators);
  const series = wireSeries(book);
  return {
    symbol,
    timeframe,
    bar_count: bars.length,
    dates: datesOf(bars),
    series,
    stats: Object.fromEntries(
      Object.entries(series).map(([name, values]) => [name, seriesStats(values)]),
    ),
    description: describeChart({ symbol, timeframe, series: book }),
  };
}

/** The newest `limit` bars, newest first: flat objects of numbers, and one date. */
export function newestBars({ bars }: Picture, limit: number) {
  const dates = datesOf(bars);
  return bars
    .map(({ open, high, low, close, volume }, index) => ({
      date: dates[index] ?? '',
      open,
      high,
      low,
      close,
      volume,
    }))
    .slice(-limit)
    .toReversed();
}

/** Plain dates when every bar starts a UTC day, full times otherwise. */
function datesOf(bars: readonly Bar[]): string[] {
  const daily = bars.every((bar) => bar.time % DAY_MS === 0);
  return bars.map((bar) => new Date(bar.time).toISOString().slice(0, daily ? 10 : undefined));
}
