import { dailyQuotes, weekly, type SeedBar } from './quotes.ts';
import {
  AIRFLOW_EXECUTION,
  PARAM_EXECUTION,
  QUOTES_EXECUTION,
  TSLA_EXECUTION,
  WORKFLOW_ID,
} from './seed-executions.ts';
import { syntheticDaily, syntheticIntraday } from './synthetic-bars.ts';

/**
 * What lies in the bucket for a row before anybody asks for its image. `drawing` is made from the
 * bars named.
 */
export type SeedObject =
  | { readonly kind: 'none' }
  /** Drawn and entered into the ledger, as the product itself would have left it. */
  | { readonly kind: 'rendered' }
  /**
   * A picture of `bars`, with its label or without, perhaps cut, perhaps with a hash in its
   * metadata.
   */
  | {
      readonly kind: 'drawing';
      readonly key: string;
      readonly bars: readonly SeedBar[];
      readonly labelled: boolean;
      readonly cut?: boolean;
      readonly hashInMetadata?: boolean;
    }
  | { readonly kind: 'text'; readonly key: string; readonly text: string }
  | { readonly kind: 'jpeg'; readonly key: string };

/**
 * One row of the seed: fixed id, what it is there for, the artifact, and what lies in the bucket.
 */
export interface SeedArtifact {
  readonly id: number;
  /** What the row shows, for people. */
  readonly shows: string;
  readonly columns: {
    readonly name: string;
    readonly type: 'chart' | 'llm' | 'signal';
    readonly symbol: string;
    readonly [column: string]: unknown;
  };
  readonly object: SeedObject;
  /** `chart_data.minio_url` etc. name this key at the public endpoint; absent: nothing is named. */
  readonly pointsAt?: {
    readonly key: string;
    readonly by: 'chart_data' | 'metadata' | 'foreign_host' | 'lost';
  };
  /** The snapshot was fetched after the object was put there. */
  readonly fetchedAfterUpload?: boolean;
  /** The row names a run that MLflow does not let this account read. */
  readonly namesDeniedRun?: boolean;
}

/** Marks the rows that the seed made, so that it never touches another's. */
export const SEED_MARK = 'chartproof';
const WORKFLOW = { workflow_id: WORKFLOW_ID, dag_id: WORKFLOW_ID };
const TSLA_KEY = 'charts/TSLA/daily/20251115_135558_1b8741ec.png';
/** Where the workflow of 24 stored its chart, before it was lost. */
export const LOST_ON_HOST = 'http://localhost:9000';
/** Of the same bucket as the configured one; the host is nobody's. */
export const FOREIGN_HOST = 'https://charts.example.invalid';

interface ChartOptions {
  readonly symbol: string;
  readonly timeframe: string;
  readonly bars: unknown;
  readonly fetchedAt?: string;
  readonly source?: 'quandl_wiki' | 'synthetic';
  readonly execution?: string;
  readonly chartData?: Record<string, unknown>;
  readonly columns?: Record<string, unknown>;
}

function chart(options: ChartOptions): SeedArtifact['columns'] {
  const {
    symbol,
    timeframe,
    bars,
    source = 'quandl_wiki',
    fetchedAt = '2013-03-02T06:00:00+00:00',
  } = options;
  const list = Array.isArray(bars) ? (bars as Partial<SeedBar>[]) : [];
  const snapshot = {
    symbol,
    timeframe,
    source,
    fetched_at: fetchedAt,
    latest_price: list.at(-1)?.close ?? null,
    bar_count: list.length,
    bars,
  };
  return {
    name: `${symbol} ${timeframe} chart`,
    type: 'chart',
    symbol,
    ...WORKFLOW,
    execution_id: options.execution ?? QUOTES_EXECUTION,
    step_name: 'generate_chart',
    task_id: 'generate_charts',
    chart_type: timeframe,
    chart_data: {
      indicators: ['SMA', 'Bollinger Bands', 'SuperTrend', 'MACD', 'RSI', 'OBV', 'ATR'],
      timeframe,
      bars_count: list.length,
      ...options.chartData,
    },
    artifact_metadata: {
      seed: SEED_MARK,
      ...(bars === undefined ? {} : { market_data_snapshot: snapshot }),
    },
    ...options.columns,
  };
}

/** Every path that an image can take, and the other kinds of artifact beside them. */
export function seedArtifacts(): SeedArtifact[] {
  const [aapl, goog, ibm] = [dailyQuotes('AAPL'), dailyQuotes('GOOG'), dailyQuotes('IBM')];
  const year = (bars: readonly SeedBar[]) => bars.slice(-252);
  const other = ibm.slice(0, 252);
  const none = { kind: 'none' } as const;
  const named = (key: string) => ({ key, by: 'chart_data' }) as const;
  const drawing = (
    key: string,
    more: Partial<Extract<SeedObject, { kind: 'drawing' }>> = {},
  ): SeedObject => ({
    kind: 'drawing',
    key,
    bars: other,
    labelled: false,
    ...more,
  });
  const folder = (name: string) => `seed/${name}.png`;

  return [
    {
      id: 1,
      shows: 'rendered: drawn from these bars, in the ledger',
      columns: chart({ symbol: 'AAPL', timeframe: 'daily', bars: year(aapl) }),
      object: { kind: 'rendered' },
    },
    {
      id: 2,
      shows: 'attached: another program drew it and stored the hash of these bars',
      columns: chart({ symbol: 'GOOG', timeframe: 'daily', bars: year(goog) }),
      object: drawing(folder('attached'), { bars: year(goog), hashInMetadata: true }),
      pointsAt: named(folder('attached')),
    },
    {
      id: 3,
      shows: 'missing: the row names an object that is not there',
      columns: chart({ symbol: 'IBM', timeframe: 'daily', bars: year(ibm) }),
      object: none,
      pointsAt: named(folder('missing')),
    },
    {
      id: 4,
      shows: 'stale by hash: the image carries the hash of other bars',
      columns: chart({ symbol: 'AAPL', timeframe: 'weekly', bars: weekly(aapl) }),
      object: drawing(folder('stale-by-hash'), { labelled: true }),
      pointsAt: named(folder('stale-by-hash')),
    },
    {
      id: 5,
      shows: 'stale by age: the image is older than its bars',
      columns: chart({ symbol: 'GOOG', timeframe: 'weekly', bars: weekly(goog) }),
      object: drawing(folder('stale-by-age')),
      pointsAt: named(folder('stale-by-age')),
      fetchedAfterUpload: true,
    },
    {
      id: 6,
      shows: 'not an image: an HTML page under a .png name',
      columns: chart({ symbol: 'IBM', timeframe: 'weekly', bars: weekly(ibm) }),
      object: {
        kind: 'text',
        key: folder('not-an-image'),
        text: '<html><body>502 Bad Gateway</body></html>',
      },
      pointsAt: named(folder('not-an-image')),
    },
    {
      id: 7,
      shows: 'truncated: a PNG that ends in the middle',
      columns: chart({ symbol: 'AAPL', timeframe: 'daily', bars: aapl.slice(-120) }),
      object: drawing(folder('truncated'), { cut: true }),
      pointsAt: named(folder('truncated')),
    },
    {
      id: 8,
      shows: 'unverified PNG: intact, without a hash, not older than its bars',
      columns: chart({ symbol: 'GOOG', timeframe: 'daily', bars: goog.slice(-120) }),
      object: drawing(folder('unverified'), { bars: goog.slice(-120) }),
      pointsAt: named(folder('unverified')),
    },
    {
      id: 9,
      shows: 'unverified JPEG: served with its own type',
      columns: chart({ symbol: 'IBM', timeframe: 'daily', bars: ibm.slice(-120) }),
      object: { kind: 'jpeg', key: 'seed/unverified.jpg' },
      pointsAt: named('seed/unverified.jpg'),
    },
    {
      id: 10,
      shows: 'local path only: a file on some worker’s disk',
      columns: chart({
        symbol: 'AAPL',
        timeframe: 'daily',
        bars: aapl.slice(-180),
        columns: { image_path: '/opt/airflow/charts/AAPL_daily_20130301.png' },
      }),
      object: none,
    },
    {
      id: 11,
      shows: 'metadata.minio_url only',
      columns: chart({ symbol: 'GOOG', timeframe: 'daily', bars: goog.slice(-180) }),
      object: drawing(folder('by-metadata'), { bars: goog.slice(-180), labelled: true }),
      pointsAt: { key: folder('by-metadata'), by: 'metadata' },
    },
    {
      id: 12,
      shows: 'foreign host: only bucket and key are read, the host is never asked',
      columns: chart({ symbol: 'IBM', timeframe: 'daily', bars: ibm.slice(-180) }),
      object: none,
      pointsAt: { key: folder('elsewhere'), by: 'foreign_host' },
    },
    {
      id: 13,
      shows: 'no bars and no object: nothing to draw from (409)',
      columns: chart({ symbol: 'AAPL', timeframe: 'daily', bars: undefined }),
      object: none,
    },
    {
      id: 14,
      shows: 'unusable bars: a null, a text and a high below its low (422)',
      columns: chart({ symbol: 'GOOG', timeframe: 'daily', bars: unusable(goog.slice(-30)) }),
      object: none,
    },
    {
      id: 15,
      shows: '2 bars: the fewest that are drawn',
      columns: chart({ symbol: 'AAPL', timeframe: 'daily', bars: aapl.slice(-2) }),
      object: none,
    },
    {
      id: 16,
      shows: '60 bars: no SMA 200 yet, and the chart says so',
      columns: chart({ symbol: 'GOOG', timeframe: 'daily', bars: goog.slice(-60) }),
      object: none,
    },
    {
      id: 17,
      shows: '1,260 bars: five years',
      columns: chart({ symbol: 'IBM', timeframe: 'daily', bars: ibm }),
      object: none,
    },
    {
      id: 18,
      shows: '5,000 bars: the most that are drawn (synthetic)',
      columns: chart({
        symbol: 'SYN',
        timeframe: 'daily',
        bars: syntheticDaily(5_000, '2025-11-14', 18, 40),
        source: 'synthetic',
        fetchedAt: '2025-11-15T13:50:00+00:00',
      }),
      object: none,
    },
    {
      id: 19,
      shows: 'intraday: five sessions of 5-minute bars (synthetic)',
      columns: chart({
        symbol: 'SYN',
        timeframe: '5min',
        bars: syntheticIntraday('2025-11-10', 5, 5, 19, 250),
        source: 'synthetic',
        fetchedAt: '2025-11-15T13:50:00+00:00',
      }),
      object: none,
    },
    { id: 20, shows: 'an LLM analysis of the execution of 24', columns: llm(), object: none },
    { id: 21, shows: 'a signal of the execution of 24', columns: signal(), object: none },
    {
      id: 22,
      shows: 'lineage unresolved: the row names no execution',
      columns: note({ name: 'A note by hand', symbol: 'TSLA', step_name: 'note' }),
      object: none,
    },
    {
      id: 23,
      shows: 'lineage unavailable: MLflow does not let this account read the run',
      columns: note({ name: 'Private research', symbol: 'TSLA', workflow_id: 'private_research' }),
      object: none,
      namesDeniedRun: true,
    },
    {
      id: 24,
      shows: 'the TSLA chart whose image was lost (synthetic bars)',
      columns: tsla(),
      object: none,
      pointsAt: { key: TSLA_KEY, by: 'lost' },
    },
    {
      id: 25,
      shows: 'lineage by airflow_run_id: the run carries no other tag',
      columns: note({
        name: 'AAPL rebalance',
        symbol: 'AAPL',
        workflow_id: 'nightly_rebalance',
        dag_id: 'nightly_rebalance',
        task_id: 'rebalance',
        execution_id: AIRFLOW_EXECUTION,
      }),
      object: none,
    },
    {
      id: 26,
      shows: 'lineage by a parameter: the run carries no tag at all',
      columns: note({
        name: 'GOOG opening check',
        symbol: 'GOOG',
        workflow_id: 'opening_check',
        execution_id: PARAM_EXECUTION,
      }),
      object: none,
    },
    {
      id: 27,
      shows: 'lineage pending: the workflow has not logged its run yet',
      columns: note({
        name: 'IBM closing check',
        symbol: 'IBM',
        workflow_id: 'closing_check',
        dag_id: 'closing_check',
        task_id: 'check',
        execution_id: 'manual__2025-11-15T20:59:30.000001+00:00',
      }),
      object: none,
    },
  ];
}

function unusable(bars: readonly SeedBar[]): unknown[] {
  return bars.map((bar, i) => {
    if (i === 3) return { ...bar, close: null };
    if (i === 7) return { ...bar, open: String(bar.open) };
    return i === 11 ? { ...bar, high: bar.low, low: bar.high } : bar;
  });
}

function tsla(): SeedArtifact['columns'] {
  const bars = syntheticDaily(252, '2025-11-14', 24, 240);
  return {
    ...chart({
      symbol: 'TSLA',
      timeframe: 'daily',
      bars,
      source: 'synthetic',
      fetchedAt: '2025-11-15T13:54:40+00:00',
      execution: TSLA_EXECUTION,
    }),
    name: 'TSLA Daily Chart',
  };
}

/** A short LLM artifact; these rows are there for their lineage. */
function note(columns: {
  readonly name: string;
  readonly symbol: string;
  readonly [column: string]: unknown;
}): SeedArtifact['columns'] {
  const response = 'Nothing stands out.';
  return {
    prompt: 'What stands out?',
    response,
    prompt_length: 16,
    response_length: response.length,
    model_name: 'example-model',
    artifact_metadata: { seed: SEED_MARK },
    ...columns,
    type: 'llm',
  };
}

const ANALYSIS =
  'TSLA closed above its 20-day average on rising volume. Momentum is positive, the RSI is not stretched yet.';

function llm(): SeedArtifact['columns'] {
  const prompt = 'Read the daily chart of TSLA and say what stands out.';
  return {
    name: 'TSLA Daily Analysis',
    type: 'llm',
    symbol: 'TSLA',
    ...WORKFLOW,
    execution_id: TSLA_EXECUTION,
    step_name: 'analyze_chart',
    task_id: 'analyze_charts',
    prompt,
    response: ANALYSIS,
    prompt_length: prompt.length,
    response_length: ANALYSIS.length,
    model_name: 'example-model',
    artifact_metadata: { seed: SEED_MARK },
  };
}

function signal(): SeedArtifact['columns'] {
  return {
    name: 'TSLA Signal',
    type: 'signal',
    symbol: 'TSLA',
    ...WORKFLOW,
    execution_id: TSLA_EXECUTION,
    step_name: 'generate_signal',
    task_id: 'generate_signal',
    action: 'BUY',
    confidence: '0.72',
    signal_data: { reasoning: ANALYSIS, timeframe: 'daily' },
    artifact_metadata: { seed: SEED_MARK },
  };
}
