import { existsSync, readFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
import type { Bar } from '../../../src/bars/bar.ts';
import { parseBars } from '../../../src/bars/parse-bars.ts';

const VECTORS = new URL('../../../../shared/vectors/indicators/', import.meta.url);
const QUOTES = new URL('../../../scripts/quotes/', import.meta.url);

/**
 * The published indicator vectors travel beside the repository; without them their suite is skipped
 * by name.
 */
export const hasVectors = existsSync(new URL('spy-daily-2017-2018.csv', VECTORS));

/** Rows of a vector file, all values as text; an empty text is "no value yet". */
export function readVector(name: string): Record<string, string>[] {
  return parse(readFileSync(new URL(name, VECTORS)), { columns: true, bom: true });
}

/** Real daily bars of AAPL, the last `count`. */
export function appleBars(count: number): Bar[] {
  return barsOf(
    parse(readFileSync(new URL('aapl-daily.csv', QUOTES)), { columns: true, bom: true }),
  ).slice(-count);
}

export function barsOf(rows: Record<string, string>[]): Bar[] {
  return parseBars(
    rows.map(({ date, open, high, low, close, volume }) => ({
      date,
      open: Number(open),
      high: Number(high),
      low: Number(low),
      close: Number(close),
      volume: Number(volume),
    })),
  );
}
