import type { SeedBar } from './quotes.ts';

/** Minutes of a New York session in winter, in UTC. */
const SESSION = { startMinute: 14 * 60 + 30, endMinute: 21 * 60 };
const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/**
 * A random walk that is the same for the same seed. It shows nothing real, and its snapshot says
 * so.
 */
function walk(times: readonly string[], seed: number, start: number, step: number): SeedBar[] {
  const random = mulberry32(seed);
  let close = start;
  return times.map((date) => {
    const open = close;
    close = cents(Math.max(0.5, open * (1 + (random() + random() - 1) * step + step / 60)));
    const reach = step * 0.4;
    const high = cents(Math.max(open, close) * (1 + random() * reach));
    const low = cents(Math.min(open, close) * (1 - random() * reach));
    return { date, open, high, low, close, volume: Math.round(20e6 + random() * 80e6) };
  });
}

/** `count` weekdays that end on `lastDay`. */
export function syntheticDaily(
  count: number,
  lastDay: string,
  seed: number,
  start: number,
): SeedBar[] {
  const dates: string[] = [];
  for (let day = Date.parse(lastDay); dates.length < count; day -= DAY_MS) {
    const weekday = new Date(day).getUTCDay();
    if (weekday !== 0 && weekday !== 6) dates.push(new Date(day).toISOString().slice(0, 10));
  }
  return walk(dates.toReversed(), seed, start, 0.02);
}

/** Bars of `minutes` minutes over whole sessions from `firstDay` on. */
export function syntheticIntraday(
  firstDay: string,
  sessions: number,
  minutes: number,
  seed: number,
  start: number,
): SeedBar[] {
  const times: string[] = [];
  for (let day = Date.parse(firstDay), done = 0; done < sessions; day += DAY_MS) {
    const weekday = new Date(day).getUTCDay();
    if (weekday === 0 || weekday === 6) continue;
    for (let minute = SESSION.startMinute; minute < SESSION.endMinute; minute += minutes) {
      times.push(new Date(day + minute * MINUTE_MS).toISOString());
    }
    done += 1;
  }
  return walk(times, seed, start, 0.004);
}

function cents(value: number): number {
  return Math.round(value * 100) / 100;
}

function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
