import type { Bar } from '../../../src/bars/bar.ts';
import { parseBars } from '../../../src/bars/parse-bars.ts';
import { DEFAULT_SPEC } from '../../../src/chart/chart-spec.ts';
import { SeriesBook } from '../../../src/chart/indicator/series-book.ts';
import type { PlannedText, TextRole } from '../../../src/chart/plan/chart-plan.ts';
import type { RenderInput } from '../../../src/chart/render-chart.ts';
import type { AwkwardSeries } from './awkward-series.ts';
import { appleBars } from './read-vectors.ts';

export const SIZES = [
  [1920, 1400],
  [1200, 1600],
  [800, 600],
] as const;

export function inputOf(
  series: Pick<AwkwardSeries, 'bars' | 'symbol' | 'timeframe'>,
  [width, height]: readonly [number, number] = SIZES[1],
): RenderInput {
  const spec = { ...DEFAULT_SPEC, width, height };
  return { ...series, snapshotSha256: 'a'.repeat(64), renderKey: 'b'.repeat(32), spec };
}

/** The last `count` daily bars of AAPL at the usual size. */
export function apple(count: number): RenderInput {
  return inputOf({ bars: appleBars(count), symbol: 'AAPL', timeframe: '1d' }, SIZES[0]);
}

export function textsOf(texts: readonly PlannedText[], role: TextRole): string[] {
  return texts.filter((text) => text.role === role).map(({ text }) => text);
}

/** What is computed of the bars with the usual parameters. */
export function bookOf(bars: readonly Bar[]): SeriesBook {
  return new SeriesBook(bars, DEFAULT_SPEC.indicators);
}

/** Daily bars that open and close at these prices and reach 1 beyond them. */
export function barsFrom(closes: readonly number[], volume = 10): Bar[] {
  return parseBars(
    closes.map((close, i) => ({
      t: 1_577_836_800 + i * 86_400,
      o: close,
      h: close + 1,
      l: close - 1,
      c: close,
      v: volume,
    })),
  );
}
