import type { Bar } from '../../bars/bar.ts';

// Number texts of the chart. No `Intl`: its output depends on the engine's locale data.

/**
 * How the numbers of one panel are written: all divided by `unit.divisor`, all with the same
 * decimals.
 */
export interface NumberStyle {
  readonly divisor: number;
  /** `K`, `M`, `B`, `T` or empty. */
  readonly suffix: string;
  readonly decimals: number;
  /** Beyond what digits can show: 1.23e+45. */
  readonly exponential: boolean;
}

const UNITS = [
  { from: 1e12, divisor: 1e12, suffix: 'T' },
  { from: 1e9, divisor: 1e9, suffix: 'B' },
  { from: 1e6, divisor: 1e6, suffix: 'M' },
  { from: 1e3, divisor: 1e3, suffix: 'K' },
] as const;
const PLAIN = { divisor: 1, suffix: '' };
const FIRST_SHORTENED_PRICE = 1e8;
const FIRST_SHORTENED_DIFFERENCE = 1e6;
const LAST_EXPONENTIAL_DIFFERENCE = 1e-6;
const FIRST_EXPONENTIAL = 1e16;
const LAST_EXPONENTIAL = 1e-9;
const SIGNIFICANT_DIGITS = 4;
const FIRST_PRICE_OF_TWO_DECIMALS = 10;
const MOST_CURRENCY_DECIMALS = 5;
const MINUS = '\u2212';

/**
 * The power of ten of `value`: 0 for 1 to 9.99. Read from the decimal text, since `Math.log10` may
 * differ by engine.
 */
export function exponentOf(value: number): number {
  if (value === 0 || !Number.isFinite(value)) return 0;
  return Number(value.toExponential().split('e')[1]);
}

/**
 * The style of a chart's prices: below 10 as many decimals as they have (currencies), otherwise by
 * size alone.
 */
export function barPriceStyle(bars: readonly Bar[]): NumberStyle {
  const size = bars.reduce(
    (most, { high, low }) => Math.max(most, Math.abs(high), Math.abs(low)),
    0,
  );
  const style = priceStyle(size);
  if (size < 1 || size >= FIRST_PRICE_OF_TWO_DECIMALS) return style;
  let decimals = 2;
  for (const { open, high, low, close } of bars) {
    decimals = Math.max(
      decimals,
      decimalsOf(open),
      decimalsOf(high),
      decimalsOf(low),
      decimalsOf(close),
    );
    if (decimals >= MOST_CURRENCY_DECIMALS) break;
  }
  return { ...style, decimals: Math.min(MOST_CURRENCY_DECIMALS, decimals) };
}

/** The largest distance from 0: what the style of a series is chosen by. */
export function magnitude(series: readonly (number | null)[]): number {
  let size = 0;
  for (const value of series) size = Math.max(size, Math.abs(value ?? 0));
  return size;
}

/** As many as the shortest text of the number has. */
export function decimalsOf(value: number): number {
  return String(value).split('.')[1]?.length ?? 0;
}

/**
 * Prices and what has their size: 2 decimals from 1 up, four significant digits below, K/M/B/T from
 * 100 million on.
 */
export function priceStyle(magnitude: number): NumberStyle {
  const size = Math.abs(magnitude);
  if (size >= FIRST_EXPONENTIAL || (size > 0 && size < LAST_EXPONENTIAL)) return exponential();
  if (size >= FIRST_SHORTENED_PRICE) return { ...unitFor(size), decimals: 2, exponential: false };
  const decimals = size >= 1 || size === 0 ? 2 : SIGNIFICANT_DIGITS - 1 - exponentOf(size);
  return { ...PLAIN, decimals, exponential: false };
}

/**
 * What is computed from price differences (MACD, ATR): like prices, but shortened earlier at both
 * ends.
 */
export function differenceStyle(magnitude: number): NumberStyle {
  const size = Math.abs(magnitude);
  if (size > 0 && size < LAST_EXPONENTIAL_DIFFERENCE) return exponential();
  if (size < FIRST_SHORTENED_DIFFERENCE || size >= FIRST_EXPONENTIAL) return priceStyle(magnitude);
  return { ...unitFor(size), decimals: 2, exponential: false };
}

/**
 * Volumes: millions, as traders expect; other units only where millions would show nothing but
 * zeros or endless digits.
 */
export function volumeStyle(magnitude: number): NumberStyle {
  const size = Math.abs(magnitude);
  if (size >= FIRST_EXPONENTIAL) return exponential();
  if (size >= 1e4 && size < 1e11)
    return { divisor: 1e6, suffix: 'M', decimals: 2, exponential: false };
  return { ...unitFor(size), decimals: 2, exponential: false };
}

/** OBV: B or M or none (T for what would be thousands of billions), decided by its last value. */
export function obvStyle(last: number, magnitude: number): NumberStyle {
  const size = Math.abs(last);
  if (Math.abs(magnitude) >= FIRST_EXPONENTIAL) return exponential();
  if (size >= 1e13) return { divisor: 1e12, suffix: 'T', decimals: 2, exponential: false };
  if (size >= 1e9) return { divisor: 1e9, suffix: 'B', decimals: 2, exponential: false };
  if (size >= 1e6) return { divisor: 1e6, suffix: 'M', decimals: 2, exponential: false };
  return { ...PLAIN, decimals: 0, exponential: false };
}

/** Digits without a unit. */
export function plainStyle(decimals: number): NumberStyle {
  return { ...PLAIN, decimals, exponential: false };
}

function exponential(): NumberStyle {
  return { ...PLAIN, decimals: 2, exponential: true };
}

function unitFor(size: number): { divisor: number; suffix: string } {
  return UNITS.find((unit) => size >= unit.from) ?? PLAIN;
}

/** `1,234.50`, `−0.42`, `147.03M`; `decimals` replaces the style's own (for axis ticks). */
export function formatNumber(value: number, style: NumberStyle, decimals = style.decimals): string {
  if (style.exponential) return value === 0 ? '0' : signed(value.toExponential(2));
  const scaled = value / style.divisor;
  if (Math.abs(scaled) >= FIRST_EXPONENTIAL) return signed(value.toExponential(2));
  const text = Math.abs(scaled).toFixed(Math.min(decimals, 20));
  const [whole = '0', fraction] = text.split('.');
  const grouped = whole.replaceAll(/\B(?=(\d{3})+$)/g, ',');
  const sign = scaled < 0 && Number(text) !== 0 ? MINUS : '';
  return `${sign}${grouped}${fraction === undefined ? '' : `.${fraction}`}${style.suffix}`;
}

/** `Volume (M)`, or the name alone where numbers have no unit. */
export function withUnit(name: string, { suffix }: NumberStyle): string {
  return suffix === '' ? name : `${name} (${suffix})`;
}

function signed(text: string): string {
  return text.replaceAll('-', MINUS);
}
