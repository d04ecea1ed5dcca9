import type { Bar } from '../../bars/bar.ts';

export interface TimeTick {
  /** Index of the bar the label stands under. */
  readonly index: number;
  readonly label: string;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

interface Calendar {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

interface Granularity {
  /** Bars of the same period have the same number. */
  readonly period: (time: number) => number;
  readonly label: (time: number, before: number | null) => string;
}

/** From fine to coarse. Weeks start on Monday (day 4 of the epoch was one). */
const GRANULARITIES: readonly Granularity[] = [
  ...[1, 5, 15, 30, 60, 120, 240, 360, 720].map((minutes) => ({
    period: (time: number) => Math.floor(time / (minutes * MINUTE_MS)),
    label: clockLabel,
  })),
  { period: (time) => Math.floor(time / DAY_MS), label: dayLabel },
  { period: (time) => Math.floor((time / DAY_MS - 4) / 7), label: dayLabel },
  ...[1, 2, 3, 6].map((months) => ({
    period: (time: number) => Math.floor(monthOf(time) / months),
    label: monthLabel,
  })),
  ...[1, 2, 5, 10, 25, 50].map((years) => ({
    period: (time: number) => Math.floor(calendar(time).year / years),
    label: (time: number) => String(calendar(time).year),
  })),
];

/** UTC, by the calendar alone: the process' zone and locale play no part. */
function calendar(time: number): Calendar {
  const date = new Date(time);
  return { year: date.getUTCFullYear(), month: date.getUTCMonth(), day: date.getUTCDate() };
}

function clockOf(time: number): string {
  const date = new Date(time);
  return `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

function monthOf(time: number): number {
  const { year, month } = calendar(time);
  return year * 12 + month;
}

function monthLabel(time: number): string {
  const { year, month } = calendar(time);
  return `${MONTHS[month]} ${year}`;
}

function dayLabel(time: number, before: number | null): string {
  const { year, month, day } = calendar(time);
  const short = `${day} ${MONTHS[month]}`;
  return before !== null && calendar(before).year === year ? short : `${short} ${year}`;
}

function clockLabel(time: number, before: number | null): string {
  const sameDay = before !== null && Math.floor(before / DAY_MS) === Math.floor(time / DAY_MS);
  const { month, day } = calendar(time);
  return sameDay ? clockOf(time) : `${day} ${MONTHS[month]} ${clockOf(time)}`;
}

/** Whether any bar has a time of day, so that hours and minutes mean something. */
export function isIntraday(bars: readonly Bar[]): boolean {
  return bars.some((bar) => bar.time % DAY_MS !== (bars[0]?.time ?? 0) % DAY_MS);
}

/** `2018-12-31`, with the time of day for intraday bars. */
export function barLabel(time: number, intraday: boolean): string {
  const { year, month, day } = calendar(time);
  const date = `${String(year).padStart(4, '0')}-${two(month + 1)}-${two(day)}`;
  return intraday ? `${date} ${clockOf(time)}` : date;
}

/**
 * Where the calendar turns (hour, day, month, year): the finest such division whose labels fit side
 * by side. Bars are spaced evenly, so a tick belongs to a bar and not to a moment.
 *
 * @param x pixel of a bar; @param width pixels of a label; @param gap least pixels between two
 * labels.
 */
export function timeTicks(
  bars: readonly Bar[],
  x: (index: number) => number,
  width: (label: string) => number,
  gap: number,
): TimeTick[] {
  const finest = isIntraday(bars) ? 0 : 9;
  const every = { period: (time: number) => time, label: finest === 0 ? clockLabel : dayLabel };
  const candidates = [every, ...GRANULARITIES.slice(finest)];
  for (const granularity of candidates) {
    const ticks = ticksOf(bars, granularity, granularity === every);
    const fits = ticks.every((tick, i) => {
      const before = ticks[i - 1];
      if (before === undefined) return true;
      return x(tick.index) - x(before.index) >= (width(tick.label) + width(before.label)) / 2 + gap;
    });
    if (fits && ticks.length > 1) return ticks;
  }
  return sparseTicks(bars, finest === 0);
}

function ticksOf(
  bars: readonly Bar[],
  { period, label }: Granularity,
  withFirst: boolean,
): TimeTick[] {
  const ticks: TimeTick[] = [];
  let before: number | null = null;
  for (let index = withFirst ? 0 : 1; index < bars.length; index++) {
    const time = bars[index]?.time ?? 0;
    const turned = index === 0 || period(time) !== period(bars[index - 1]?.time ?? 0);
    if (!turned) continue;
    ticks.push({ index, label: label(time, before) });
    before = time;
  }
  return ticks;
}

/** Nothing turned often enough: the first and the last bar. */
function sparseTicks(bars: readonly Bar[], intraday: boolean): TimeTick[] {
  return [0, bars.length - 1].map((index) => ({
    index,
    label: barLabel(bars[index]?.time ?? 0, intraday),
  }));
}
