import { readFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';

/** A bar as producers store it in `market_data_snapshot.bars`. */
export interface SeedBar {
  readonly date: string;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
}

const DAY_MS = 86_400_000;

/** 1,260 real daily bars, oldest first (`scripts/quotes/README.md`). */
export function dailyQuotes(symbol: 'AAPL' | 'GOOG' | 'IBM'): SeedBar[] {
  const file = new URL(`../quotes/${symbol.toLowerCase()}-daily.csv`, import.meta.url);
  return parse<SeedBar>(readFileSync(file), {
    columns: true,
    cast: (value, { column, header }) => (header || column === 'date' ? value : Number(value)),
  });
}

/**
 * Weeks that end on Friday: first open, highest high, lowest low, last close, summed volume; dated
 * by their Friday.
 */
export function weekly(bars: readonly SeedBar[]): SeedBar[] {
  const weeks = Map.groupBy(bars, ({ date }) => fridayOf(date));
  return [...weeks].map(([date, days]) => ({
    date,
    open: days[0]?.open ?? 0,
    high: Math.max(...days.map((day) => day.high)),
    low: Math.min(...days.map((day) => day.low)),
    close: days.at(-1)?.close ?? 0,
    volume: days.reduce((sum, day) => sum + day.volume, 0),
  }));
}

function fridayOf(date: string): string {
  const day = new Date(`${date}T00:00:00Z`);
  const untilFriday = (5 - day.getUTCDay() + 7) % 7;
  return new Date(day.getTime() + untilFriday * DAY_MS).toISOString().slice(0, 10);
}
