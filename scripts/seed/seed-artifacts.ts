import type { NewArtifactRow } from '../../src/artifact/artifact.table.ts';
import { makeSynthetic, readQuotes, timesFrom, toWeekly, weekdaysUntil, type SeedBar } from './seed-bars.ts';

/** What lies in the store for a row before anybody asks for its image. */
export type SeedObject =
  /** Drawn from the row's own bars by the product, under their render key, with ledger row. */
  | { readonly kind: 'rendered' }
  /** A picture of the row's bars under a key of the uploader's choice, with the hash of its bars as metadata. */
  | { readonly kind: 'attached'; readonly key: string }
  /** The same, but the bars were others: all but the last 20. */
  | { readonly kind: 'outdated'; readonly key: string }
  /** An intact PNG that claims nothing. `olderThanBars`: the row's `fetched_at` lies after its upload. */
  | { readonly kind: 'plain_png'; readonly key: string; readonly olderThanBars?: true }
  | { readonly kind: 'jpeg'; readonly key: string }
  /** An error page that somebody saved as PNG. */
  | { readonly kind: 'html'; readonly key: string }
  /** The first half of a PNG. */
  | { readonly kind: 'cut_png'; readonly key: string };

export interface SeedArtifact {
  /** Fixed, so that documentation can name it; `docs/seed.md` does. */
  readonly id: number;
  /** One word or two for the table that `npm start` prints; null: not a path of the image. */
  readonly shows: string | null;
  readonly object: SeedObject | null;
  readonly row: NewArtifactRow;
}

export interface SeedOptions {
  readonly bucket: string;
  /** `MINIO_PUBLIC_ENDPOINT`: the address in `chart_data.minio_url`. */
  readonly publicEndpoint: string;
}

/** `artifact_metadata.seed` of every row that the seed made: nothing else is ever touched by it. */
export const SEED_MARK = 'chartproof';

const WORKFLOW = 'chartproof_seed_workflow';
const DAG = 'chartproof_seed';
const EXECUTION = '2025-11-14 21:05:00+00:00';
/** After the last real bar, long before anything is uploaded. */
const QUOTES_FETCHED_AT = '2013-03-01T22:05:00+00:00';
const SYNTHETIC_FETCHED_AT = '2025-11-15T13:54:40+00:00';
const INDICATORS = ['SMA', 'Bollinger Bands', 'SuperTrend', 'MACD', 'RSI', 'OBV', 'ATR'];

interface ChartSeed {
  readonly id: number;
  readonly shows: string;
  readonly symbol: string;
  readonly timeframe: string;
  readonly bars: readonly SeedBar[] | null;
  readonly object?: SeedObject;
  /** Where the row says that its picture lies. Default: the object's own address in `chart_data.minio_url`. */
  readonly pointer?: {
    readonly minioUrl?: string;
    readonly metadataUrl?: string;
    readonly imagePath?: string;
  };
  readonly synthetic?: true;
}

/** Every seeded row, by ascending id. Pure but for reading the committed quotes. */
export async function seedArtifacts(options: SeedOptions): Promise<SeedArtifact[]> {
  const [aapl, goog, ibm] = await Promise.all([readQuotes('AAPL'), readQuotes('GOOG'), readQuotes('IBM')]);
  const [aaplWeekly, googWeekly, ibmWeekly] = [toWeekly(aapl), toWeekly(goog), toWeekly(ibm)];
  const urlOf = (key: string) => `${options.publicEndpoint}/${options.bucket}/${key}`;
  const manual = (symbol: string, name: string) => `charts/${symbol}/manual/${name}`;
  const aDay = { timeframe: 'daily', bars: goog.slice(-250), symbol: 'GOOG' } as const;

  const charts: ChartSeed[] = [
    {
      id: 1,
      shows: 'rendered',
      symbol: 'AAPL',
      timeframe: 'daily',
      bars: aapl,
      object: { kind: 'rendered' },
    },
    {
      id: 2,
      shows: 'attached',
      symbol: 'AAPL',
      timeframe: 'weekly',
      bars: aaplWeekly,
      object: { kind: 'attached', key: manual('AAPL', 'attached.png') },
    },
    {
      id: 3,
      shows: 'missing',
      symbol: 'GOOG',
      timeframe: 'daily',
      bars: goog.slice(-500),
      pointer: { minioUrl: urlOf(manual('GOOG', 'never-uploaded.png')) },
    },
    {
      id: 4,
      shows: 'stale by hash',
      symbol: 'GOOG',
      timeframe: 'weekly',
      bars: googWeekly,
      object: { kind: 'outdated', key: manual('GOOG', 'outdated.png') },
    },
    {
      id: 5,
      shows: 'stale by age',
      symbol: 'IBM',
      timeframe: 'daily',
      bars: ibm.slice(-250),
      object: { kind: 'plain_png', key: manual('IBM', 'older-than-bars.png'), olderThanBars: true },
    },
    {
      id: 6,
      shows: 'not an image',
      symbol: 'IBM',
      timeframe: 'weekly',
      bars: ibmWeekly,
      object: { kind: 'html', key: manual('IBM', 'error-page.png') },
    },
    {
      id: 7,
      shows: 'truncated',
      symbol: 'AAPL',
      timeframe: 'daily',
      bars: aapl.slice(-250),
      object: { kind: 'cut_png', key: manual('AAPL', 'truncated.png') },
    },
    {
      id: 8,
      shows: 'unverified PNG',
      ...aDay,
      object: { kind: 'plain_png', key: manual('GOOG', 'unverified.png') },
    },
    {
      id: 9,
      shows: 'unverified JPEG',
      symbol: 'IBM',
      timeframe: 'daily',
      bars: ibm.slice(-120),
      object: { kind: 'jpeg', key: manual('IBM', 'unverified.jpg') },
    },
    {
      id: 10,
      shows: 'local path only',
      symbol: 'AAPL',
      timeframe: 'daily',
      bars: aapl.slice(-200),
      pointer: { imagePath: '/opt/airflow/charts/AAPL_daily.png' },
    },
    {
      id: 11,
      shows: 'metadata.minio_url only',
      ...aDay,
      object: { kind: 'plain_png', key: manual('GOOG', 'named-by-metadata.png') },
      pointer: { metadataUrl: urlOf(manual('GOOG', 'named-by-metadata.png')) },
    },
    {
      id: 12,
      shows: 'foreign host',
      ...aDay,
      object: { kind: 'plain_png', key: manual('GOOG', 'foreign-host.png') },
      pointer: {
        minioUrl: `https://charts.example.com/${options.bucket}/${manual('GOOG', 'foreign-host.png')}`,
      },
    },
    { id: 13, shows: 'no bars, no object', symbol: 'AAPL', timeframe: 'daily', bars: null },
    { id: 14, shows: 'unusable bars', symbol: 'AAPL', timeframe: 'daily', bars: brokenBars(aapl.slice(-60)) },
    { id: 15, shows: '2 bars', symbol: 'IBM', timeframe: 'daily', bars: ibm.slice(-2) },
    { id: 16, shows: '60 bars', symbol: 'AAPL', timeframe: 'weekly', bars: aaplWeekly.slice(-60) },
    { id: 17, shows: '1,260 bars', symbol: 'GOOG', timeframe: 'daily', bars: goog },
    {
      id: 18,
      shows: '5,000 bars',
      symbol: 'SYNTH',
      timeframe: 'daily',
      synthetic: true,
      bars: makeSynthetic({ seed: 18, startPrice: 80, times: weekdaysUntil('2025-11-14', 5_000) }),
    },
    {
      id: 19,
      shows: 'intraday',
      symbol: 'SYNTH',
      timeframe: '5min',
      synthetic: true,
      bars: makeSynthetic({ seed: 19, startPrice: 240, times: timesFrom('2025-11-14T14:30:00Z', 5, 78) }),
    },
    {
      id: 25,
      shows: 'foreign bucket',
      symbol: 'IBM',
      timeframe: 'daily',
      bars: ibm.slice(-300),
      pointer: { minioUrl: `${options.publicEndpoint}/somebody-elses-bucket/charts/IBM.png` },
    },
    {
      id: 26,
      shows: 'unusable bars, intact PNG',
      symbol: 'GOOG',
      timeframe: 'daily',
      bars: brokenBars(goog.slice(-60)),
      object: { kind: 'plain_png', key: manual('GOOG', 'unusable-bars.png') },
    },
  ];
  const rows = [...charts.map((chart) => chartArtifact(chart, urlOf)), ...companions(), tsla()];
  return rows.toSorted((a, b) => a.id - b.id);
}

function chartArtifact(chart: ChartSeed, urlOf: (key: string) => string): SeedArtifact {
  const { id, shows, symbol, timeframe, bars, object = null, pointer } = chart;
  const ownUrl = object === null || object.kind === 'rendered' ? undefined : urlOf(object.key);
  const minioUrl = pointer === undefined ? ownUrl : pointer.minioUrl;
  return {
    id,
    shows,
    object,
    row: {
      ...lineage(id === 1 ? EXECUTION : executionOf(id)),
      id,
      name: `${symbol} ${timeframe} chart (${shows})`,
      type: 'chart',
      symbol,
      step_name: 'generate_chart',
      task_id: 'generate_chart',
      chart_type: timeframe,
      image_path: pointer?.imagePath ?? null,
      chart_data: {
        indicators: INDICATORS,
        timeframe,
        bars_count: bars?.length ?? 0,
        ...(minioUrl === undefined ? {} : { minio_url: minioUrl }),
      },
      artifact_metadata: {
        seed: SEED_MARK,
        ...(pointer?.metadataUrl === undefined ? {} : { minio_url: pointer.metadataUrl }),
        ...(bars === null ? {} : { market_data_snapshot: snapshot(chart, bars) }),
      },
    },
  };
}

function snapshot(chart: ChartSeed, bars: readonly SeedBar[]) {
  return {
    symbol: chart.symbol,
    timeframe: chart.timeframe,
    source: chart.synthetic ? 'synthetic' : 'Quandl WIKI Prices',
    fetched_at: chart.synthetic ? SYNTHETIC_FETCHED_AT : QUOTES_FETCHED_AT,
    latest_price: bars.at(-1)?.close,
    bar_count: bars.length,
    bars,
  };
}

/** The highest price of one bar lies below its lowest: nothing can be drawn from that. */
function brokenBars(bars: readonly SeedBar[]): SeedBar[] {
  return bars.map((bar, index) => (index === 7 ? { ...bar, high: bar.low - 1 } : bar));
}

/** What else the execution of chart 1 made: an analysis, a signal, a trade and a portfolio. */
function companions(): SeedArtifact[] {
  const shared = { ...lineage(EXECUTION), symbol: 'AAPL', artifact_metadata: { seed: SEED_MARK } };
  const prompt = 'Describe the trend of AAPL on the daily chart in two sentences.';
  const response =
    'AAPL has fallen from its high of September 2012 and trades below its 200-day average. Momentum is weak, and no reversal is confirmed.';
  const rows: NewArtifactRow[] = [
    {
      ...shared,
      id: 20,
      name: 'AAPL analysis',
      type: 'llm',
      step_name: 'analyze_chart',
      task_id: 'analyze_chart',
      prompt,
      response,
      prompt_length: prompt.length,
      response_length: response.length,
      model_name: 'example-model',
    },
    {
      ...shared,
      id: 21,
      name: 'AAPL signal',
      type: 'signal',
      step_name: 'make_signal',
      task_id: 'make_signal',
      action: 'HOLD',
      confidence: '0.62',
      signal_data: { action: 'HOLD', confidence: 0.62, reasons: ['below SMA 200', 'RSI neutral'] },
    },
    {
      ...shared,
      id: 22,
      name: 'AAPL trade',
      type: 'signal',
      step_name: 'place_order',
      task_id: 'place_order',
      action: 'BUY',
      signal_data: { artifact_type: 'trade', side: 'BUY', quantity: 10, price: 430.47, currency: 'USD' },
    },
    {
      ...shared,
      id: 23,
      name: 'Portfolio',
      type: 'signal',
      symbol: null,
      step_name: 'read_portfolio',
      task_id: 'read_portfolio',
      signal_data: {
        artifact_type: 'portfolio',
        cash: 25_000,
        positions: [{ symbol: 'AAPL', quantity: 10 }],
      },
    },
  ];
  return rows.map((row) => ({ id: row.id ?? 0, shows: null, object: null, row }));
}

/** A row as a real workflow left it: no run id, and an address under which nothing lies any more. */
function tsla(): SeedArtifact {
  const minioUrl = 'http://localhost:9000/trading-charts/charts/TSLA/daily/20251115_135558_1b8741ec.png';
  const bars = makeSynthetic({ seed: 24, startPrice: 250, times: weekdaysUntil('2025-11-14', 250) });
  const row: NewArtifactRow = {
    id: 24,
    name: 'TSLA daily chart',
    type: 'chart',
    symbol: 'TSLA',
    run_id: null,
    workflow_id: 'ibkr_trading_signal_workflow',
    execution_id: '2025-11-15 13:54:31.981650+00:00',
    dag_id: 'ibkr_trading_signal_workflow',
    step_name: 'generate_daily_chart',
    task_id: 'generate_daily_chart',
    chart_type: 'daily',
    chart_data: { indicators: INDICATORS, timeframe: 'daily', bars_count: bars.length, minio_url: minioUrl },
    artifact_metadata: {
      seed: SEED_MARK,
      market_data_snapshot: {
        symbol: 'TSLA',
        timeframe: 'daily',
        source: 'synthetic',
        fetched_at: SYNTHETIC_FETCHED_AT,
        latest_price: bars.at(-1)?.close,
        bar_count: bars.length,
        bars,
      },
    },
    created_at: '2025-11-15 13:55:58.412907+00:00',
  };
  return { id: 24, shows: 'the TSLA row', object: null, row };
}

function lineage(executionId: string) {
  return { workflow_id: WORKFLOW, dag_id: DAG, execution_id: executionId, created_at: executionId };
}

/** One minute apart, so that every chart is of an execution of its own. */
function executionOf(id: number): string {
  return `2025-11-14 21:${String(5 + id).padStart(2, '0')}:00+00:00`;
}
