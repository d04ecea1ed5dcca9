import type { FieldError } from '../errors.ts';
import type { Bar } from './bar.ts';
import { parseTime } from './parse-time.ts';

const MIN_BARS = 2;
const MAX_BARS = 5_000;
const MAX_LISTED_PROBLEMS = 20;

const TIME_NAMES = ['date', 'timestamp', 'time', 'datetime', 't'] as const;
const PRICE_NAMES = { open: 'o', high: 'h', low: 'l', close: 'c', volume: 'v' } as const;
/** What brokers send for indices and currency pairs, of which nobody counts a volume. */
const NO_VOLUME = -1;

/**
 * The bars cannot be drawn. `problems` lists the first 20, `more` counts the rest; nothing of them
 * is used.
 */
export class BarsError extends Error {
  override readonly name = 'BarsError';
  readonly problems: readonly FieldError[];
  readonly more: number;

  constructor(problems: readonly FieldError[], more = 0) {
    const first = problems[0];
    const others = problems.length - 1 + more;
    const detail = first === undefined ? '' : `: ${first.field} ${first.message}`;
    super(`The bars cannot be drawn${detail}${others > 0 ? ` (and ${others} more)` : ''}`);
    this.problems = problems;
    this.more = more;
  }
}

/**
 * What a market data snapshot offers to draw from. Absent: it never had bars. Unusable: it has, and
 * they are bad.
 */
export type BarsOutcome =
  | { readonly kind: 'absent' }
  | { readonly kind: 'usable'; readonly bars: Bar[] }
  | { readonly kind: 'unusable'; readonly error: BarsError };

/**
 * Looks into a `market_data_snapshot` object of any shape. No snapshot, no `bars` key or null:
 * absent. Never throws.
 */
export function barsOf(snapshot: unknown): BarsOutcome {
  if (typeof snapshot !== 'object' || snapshot === null || Array.isArray(snapshot))
    return { kind: 'absent' };
  const raw: unknown = Object.hasOwn(snapshot, 'bars')
    ? (snapshot as { bars: unknown }).bars
    : null;
  if (raw === null || raw === undefined) return { kind: 'absent' };
  try {
    return { kind: 'usable', bars: parseBars(raw) };
  } catch (error) {
    if (error instanceof BarsError) return { kind: 'unusable', error };
    throw error;
  }
}

/**
 * Reads an array of `{date|timestamp|time|datetime|t, open|o, high|h, low|l, close|c, volume|v}` in
 * any order and returns the bars in ascending time. 2 to 5,000 bars, finite JSON numbers, high and
 * low enclosing open and close, volume not negative, no time twice. A volume that is absent, null
 * or -1 is none (docs/adr/0031).
 *
 * @throws {BarsError} naming each bad field (`bars[3].high`).
 */
export function parseBars(raw: unknown): Bar[] {
  if (!Array.isArray(raw))
    throw new BarsError([{ field: 'bars', message: 'must be an array of bars' }]);
  if (raw.length < MIN_BARS || raw.length > MAX_BARS) {
    const message = `must hold ${MIN_BARS} to ${MAX_BARS} bars, not ${raw.length}`;
    throw new BarsError([{ field: 'bars', message }]);
  }
  const problems = new ProblemList();
  const bars: { bar: Bar; index: number }[] = [];
  for (let index = 0; index < raw.length; index++) {
    const bar = parseBar(raw[index], `bars[${index}]`, problems);
    if (bar !== null) bars.push({ bar, index });
  }
  bars.sort((a, b) => a.bar.time - b.bar.time);
  for (let i = 1; i < bars.length; i++) {
    const [earlier, later] = [bars[i - 1], bars[i]];
    if (earlier !== undefined && later !== undefined && earlier.bar.time === later.bar.time) {
      problems.add(`bars[${later.index}]`, `has the same time as bars[${earlier.index}]`);
    }
  }
  problems.throwIfAny();
  return bars.map(({ bar }) => bar);
}

class ProblemList {
  readonly #listed: FieldError[] = [];
  #more = 0;

  add(field: string, message: string): void {
    if (this.#listed.length < MAX_LISTED_PROBLEMS) this.#listed.push({ field, message });
    else this.#more++;
  }

  throwIfAny(): void {
    if (this.#listed.length > 0) throw new BarsError(this.#listed, this.#more);
  }
}

function parseBar(raw: unknown, path: string, problems: ProblemList): Bar | null {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
    problems.add(path, 'must be an object');
    return null;
  }
  const row = raw as Record<string, unknown>;
  const time = readTime(row, path, problems);
  const open = readNumber(row, 'open', path, problems);
  const high = readNumber(row, 'high', path, problems);
  const low = readNumber(row, 'low', path, problems);
  const close = readNumber(row, 'close', path, problems);
  const volume = readVolume(row, path, problems);
  if (open === null || high === null || low === null || close === null) return null;
  if (high < Math.max(open, close, low))
    problems.add(`${path}.high`, 'is below open, close or low');
  if (low > Math.min(open, close)) problems.add(`${path}.low`, 'is above open or close');
  return time === null || volume === undefined ? null : { time, open, high, low, close, volume };
}

function readTime(
  row: Record<string, unknown>,
  path: string,
  problems: ProblemList,
): number | null {
  const name = TIME_NAMES.find(
    (candidate) => row[candidate] !== undefined && row[candidate] !== null,
  );
  if (name === undefined) {
    problems.add(`${path}.date`, 'is missing');
    return null;
  }
  const time = parseTime(row[name]);
  if (time === null)
    problems.add(`${path}.${name}`, 'must be an ISO 8601 time or epoch seconds or milliseconds');
  return time;
}

function readNumber(
  row: Record<string, unknown>,
  name: keyof typeof PRICE_NAMES,
  path: string,
  problems: ProblemList,
): number | null {
  const used = nameUsed(row, name);
  const value = row[used];
  if (value === undefined) {
    problems.add(`${path}.${name}`, 'is missing');
    return null;
  }
  if (typeof value !== 'number' || !Number.isFinite(value)) {
    problems.add(`${path}.${used}`, 'must be a finite number');
    return null;
  }
  return value + 0; // -0 becomes 0: the two are one price and hash alike.
}

/** Null: the bar has none. Undefined: what is there is no volume. */
function readVolume(
  row: Record<string, unknown>,
  path: string,
  problems: ProblemList,
): number | null | undefined {
  const used = nameUsed(row, 'volume');
  const value = row[used];
  if (value === undefined || value === null || value === NO_VOLUME) return null;
  const volume = readNumber(row, 'volume', path, problems);
  if (volume === null) return undefined;
  if (volume >= 0) return volume;
  problems.add(`${path}.${used}`, 'must not be negative (-1 or null: no volume)');
  return undefined;
}

/** The long name when it is there, whatever it holds; the short one otherwise. */
function nameUsed(row: Record<string, unknown>, name: keyof typeof PRICE_NAMES): string {
  return row[name] === undefined ? PRICE_NAMES[name] : name;
}
