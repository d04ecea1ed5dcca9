import { DEFAULT_SPEC, RENDERER_VERSION } from '../../chart/chart-spec.ts';
import type { RenderedChart } from '../../chart/render-chart.ts';
import { isoTimestamp } from '../../storage/iso-timestamp.ts';
import type { Picture } from '../picture.ts';
import type { LedgerEntry } from '../verify/verification.schema.ts';
import type { ChartRenderRow, NewChartRenderRow } from './chart-render.table.ts';

/** A ledger row as it goes over the wire. */
export function ledgerEntry(row: ChartRenderRow): LedgerEntry {
  const {
    render_key,
    snapshot_sha256,
    png_sha256,
    pixel_sha256,
    symbol,
    timeframe,
    bar_count,
    renderer,
  } = row;
  return {
    render_key,
    snapshot_sha256,
    png_sha256,
    pixel_sha256,
    symbol,
    timeframe,
    bar_count,
    first_bar: isoTimestamp(row.first_bar),
    last_bar: isoTimestamp(row.last_bar),
    renderer,
    created_at: isoTimestamp(row.created_at),
  };
}

/** What the ledger is told of a picture that was drawn. `renderMs`: what drawing it took. */
export function newLedgerRow(
  picture: Picture,
  chart: RenderedChart,
  drawn: { readonly pngSha256: string; readonly renderMs: number },
): NewChartRenderRow {
  const [first, last] = [picture.bars[0], picture.bars.at(-1)];
  if (first === undefined || last === undefined) throw new TypeError('usable bars are two or more');
  return {
    render_key: picture.renderKey,
    snapshot_sha256: picture.snapshotSha256,
    png_sha256: drawn.pngSha256,
    pixel_sha256: chart.pixelSha256,
    bucket: picture.ref.bucket,
    object_key: picture.ref.key,
    byte_size: chart.png.byteLength,
    width: chart.width,
    height: chart.height,
    symbol: picture.symbol,
    timeframe: picture.timeframe,
    bar_count: picture.bars.length,
    first_bar: new Date(first.time).toISOString(),
    last_bar: new Date(last.time).toISOString(),
    renderer: RENDERER_VERSION,
    spec: DEFAULT_SPEC,
    render_ms: drawn.renderMs,
    plots: chart.plots,
  };
}
