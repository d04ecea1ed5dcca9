import { decimalsOf, exponentOf, formatNumber, type NumberStyle } from './number-format.ts';

/** The value axis of one panel: linear, `low` at pixel `bottom`, `high` at pixel `top`. */
export interface ValueAxis {
  readonly low: number;
  readonly high: number;
  /** Pixels, not rounded. Values beyond the axis are held at its ends. */
  y(value: number): number;
}

export interface AxisSpace {
  /** Pixels of the plot. */
  readonly top: number;
  readonly bottom: number;
  /** Pixels kept free above and below the data for callouts. */
  readonly padTop: number;
  readonly padBottom: number;
}

/**
 * An axis over `[min, max]`. A single value gets room around it, so that a constant series is a
 * line in the middle.
 */
export function valueAxis(min: number, max: number, space: AxisSpace): ValueAxis {
  let [from, to] = [min, max];
  // Halved first: the span of ±1e308 is not a number.
  if (!(to / 2 - from / 2 > Math.max(Math.abs(to), Math.abs(from)) * 1e-12)) {
    const room = Math.max(Math.abs(to), Math.abs(from)) * 0.02;
    [from, to] = room === 0 ? [from - 1, to + 1] : [from - room, to + room];
  }
  const inner = space.bottom - space.top - space.padTop - space.padBottom;
  const half = to / 2 - from / 2;
  const perPixel = half / inner;
  const y = (value: number): number => {
    const offset = (to / 2 - value / 2) / perPixel;
    return Math.min(space.bottom, Math.max(space.top, space.top + space.padTop + offset));
  };
  return { low: from - 2 * perPixel * space.padBottom, high: to + 2 * perPixel * space.padTop, y };
}

export interface ValueTick {
  readonly value: number;
  readonly label: string;
}

/**
 * Round numbers (1, 2, 2.5 or 5 times a power of ten) along the axis, at most `most`, written
 * alike.
 */
export function valueTicks(axis: ValueAxis, most: number, style: NumberStyle): ValueTick[] {
  const low = axis.low / style.divisor;
  const high = axis.high / style.divisor;
  const rough = (high - low) / Math.max(1, most);
  if (!Number.isFinite(rough) || rough <= 0) return [];
  const power = exponentOf(rough);
  const factor =
    [1, 2, 2.5, 5, 10].find((candidate) => candidate * 10 ** power >= rough * 0.999999) ?? 10;
  const step = factor * 10 ** power;
  const decimals = Math.max(0, -power + (factor === 2.5 ? 1 : 0) - (factor === 10 ? 1 : 0));
  const ticks: ValueTick[] = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) {
    const value = i * step * style.divisor;
    // Tiny prices have more decimals than the axis could name apart from each other.
    ticks.push({ value, label: formatNumber(value, { ...style, suffix: '' }, decimals) });
    if (ticks.length > most * 3) return [];
  }
  return ticks;
}

/** Ticks at `values`, with the decimals that each one has. */
export function fixedTicks(values: readonly number[], style: NumberStyle): ValueTick[] {
  return values.map((value) => {
    const decimals = decimalsOf(value / style.divisor);
    return { value, label: formatNumber(value, { ...style, suffix: '' }, decimals) };
  });
}
