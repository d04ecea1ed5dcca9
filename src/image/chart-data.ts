import type { Bar } from '../chart/bars.ts';
import { computeIndicators, wireSeries } from '../chart/compute-indicators.ts';
import { describeChart } from '../chart/describe-chart.ts';
import { indicatorStats } from '../chart/indicator-stats.ts';
import { AppError } from '../errors.ts';
import type { ChartSource, ChartSourceRepository } from './chart-source.repository.ts';
import { pictureOf, type PictureState } from './picture.ts';
import { unusableBars } from './unusable-bars.ts';

const DAY_MS = 86_400_000;

export interface ChartDataDependencies {
  readonly bucket: string;
  readonly sources: ChartSourceRepository;
}

/** The numbers behind a chart: every series as long as `dates`, null where it has no value, unrounded. */
export async function readIndicators(deps: ChartDataDependencies, artifactId: number) {
  const { source, state } = await readState(deps, artifactId);
  if (state.kind === 'unusable') throw unusableBars(state.error);
  if (state.kind === 'absent') {
    throw new AppError(
      'nothing_to_draw',
      `Artifact ${source.id} has no bars (metadata.market_data_snapshot.bars).`,
    );
  }
  const { bars, symbol, timeframe } = state.picture;
  const indicators = computeIndicators(bars);
  const series = wireSeries(indicators);
  return {
    symbol,
    timeframe,
    bar_count: bars.length,
    dates: datesOf(bars),
    series,
    stats: Object.fromEntries(Object.entries(series).map(([name, values]) => [name, indicatorStats(values)])),
    description: describeChart({ symbol, timeframe, bars, indicators }),
  };
}

/** The newest `limit` bars of the snapshot, newest first; none when the row has no bars. */
export async function readMarketData(deps: ChartDataDependencies, artifactId: number, limit: number) {
  const { source, state } = await readState(deps, artifactId);
  if (state.kind === 'unusable') throw unusableBars(state.error);
  if (state.kind === 'absent') return { symbol: source.rowSymbol ?? 'unknown', count: 0, data: [] };
  const { bars, symbol } = state.picture;
  const dates = datesOf(bars);
  const data = bars
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
  return { symbol, count: data.length, data };
}

async function readState(
  deps: ChartDataDependencies,
  artifactId: number,
): Promise<{ source: ChartSource; state: PictureState }> {
  const source = await deps.sources.find(artifactId);
  if (source === null) throw new AppError('not_found', `There is no artifact ${artifactId}.`);
  return { source, state: await pictureOf(source, deps.bucket) };
}

/** Plain dates when every bar starts a UTC day, full times otherwise. */
function datesOf(bars: readonly Bar[]): string[] {
  const daily = bars.every((bar) => bar.time % DAY_MS === 0);
  return bars.map((bar) => new Date(bar.time).toISOString().slice(0, daily ? 10 : undefined));
}
