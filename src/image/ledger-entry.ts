import { isoTimestamp } from '../storage/iso-timestamp.ts';
import type { ChartRenderRow } from './chart-render.table.ts';
import type { LedgerEntry } from './verification.schema.ts';

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
