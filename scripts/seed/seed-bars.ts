import { readFile } from 'node:fs/promises';
import { parse } from 'csv-parse/sync';

/** A bar as a workflow writes it into `market_data_snapshot.bars`: `date` is a day or an ISO 8601 time. */
export interface SeedBar {
  readonly date: string;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
}

export type QuotedSymbol = 'AAPL' | 'GOOG' | 'IBM';

const DAY_MS = 86_400_000;
const FRIDAY = 5;

/** The 1,260 real daily bars of a symbol (`scripts/quotes/README.md` says where they come from). */
export async function readQuotes(symbol: QuotedSymbol): Promise<SeedBar[]> {
  const file = new URL(`../quotes/${symbol.toLowerCase()}-daily.csv`, import.meta.url);
  const records: Record<string, string>[] = parse(await readFile(file, 'utf8'), { columns: true });
  return records.map(({ date = '', open, high, low, close, volume }) => ({
    date,
    open: Number(open),
    high: Number(high),
    low: Number(low),
    close: Number(close),
    volume: Number(volume),
  }));
}

/**
 * Daily bars to weekly ones, dated by their Friday: first open, highest high, lowest low, last close, summed volume.
 * Saturday and Sunday count to the Friday that follows.
 */
export function toWeekly(daily: readonly SeedBar[]): SeedBar[] {
  const weeks = Map.groupBy(daily, ({ date }) => fridayOf(date));
  return [...weeks].map(([friday, days]) => ({
    date: friday,
    open: days[0]!.open,
    high: Math.max(...days.map((day) => day.high)),
    low: Math.min(...days.map((day) => day.low)),
    close: days.at(-1)!.close,
    volume: days.reduce((sum, day) => sum + day.volume, 0),
  }));
}

function fridayOf(date: string): string {
  const time = Date.parse(`${date}T00:00:00Z`);
  const days = (FRIDAY - new Date(time).getUTCDay() + 7) % 7;
  return isoDay(time + days * DAY_MS);
}

export interface SyntheticSeries {
  readonly seed: number;
  readonly startPrice: number;
  /** `date` of each bar. */
  readonly times: readonly string[];
}

/** A random walk in cents, the same on every machine for the same seed. Its snapshot says `"source": "synthetic"`. */
export function makeSynthetic({ seed, startPrice, times }: SyntheticSeries): SeedBar[] {
  const random = mulberry32(seed);
  let close = startPrice;
  return times.map((date) => {
    const open = close;
    close = cents(Math.max(1, open * (1 + (random() - 0.495) * 0.03)));
    const high = cents(Math.max(open, close) * (1 + random() * 0.008));
    const low = cents(Math.min(open, close) * (1 - random() * 0.008));
    return { date, open, high, low, close, volume: 1_000_000 + Math.floor(random() * 9_000_000) };
  });
}

/** The last `count` weekdays up to and including `lastDay` (`2025-11-14`). */
export function weekdaysUntil(lastDay: string, count: number): string[] {
  const days: string[] = [];
  for (let time = Date.parse(`${lastDay}T00:00:00Z`); days.length < count; time -= DAY_MS) {
    const weekday = new Date(time).getUTCDay();
    if (weekday !== 0 && weekday !== 6) days.push(isoDay(time));
  }
  return days.toReversed();
}

/** `count` times from `start` on, `stepMinutes` apart, in ISO 8601 with offset. */
export function timesFrom(start: string, stepMinutes: number, count: number): string[] {
  const first = Date.parse(start);
  return Array.from({ length: count }, (_, index) =>
    new Date(first + index * stepMinutes * 60_000).toISOString().replace('.000Z', '+00:00'),
  );
}

function isoDay(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

function cents(price: number): number {
  return Math.round(price * 100) / 100;
}

/** Small and well-known: 32 bits of state, good enough to draw lines with. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
