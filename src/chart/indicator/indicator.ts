import type { Bar } from '../../bars/bar.ts';
import type { Series } from './series.ts';

/** What is computed from bars: named series, each as long as the bars, unrounded. */
export interface Indicator<Parameters = unknown, Name extends string = string> {
  /** A spec has its parameters under this name. */
  readonly name: string;
  /** The usual ones, plain JSON: periods in bars. Null: it has none. */
  readonly parameters: Parameters;
  /** Series -> its name on the wire, in the order of the wire. */
  readonly wire: Readonly<Record<Name, string>>;
  compute(bars: readonly Bar[], parameters: Parameters): Readonly<Record<Name, Series>>;
}

/** Parameters by the name of their indicator: plain JSON, part of the render key. */
export type IndicatorParameters = Readonly<Record<string, unknown>>;

/** The usual parameters of all `indicators` that have any. */
export function usualParameters(indicators: readonly Indicator[]): IndicatorParameters {
  return Object.fromEntries(
    indicators.flatMap(({ name, parameters }) => (parameters === null ? [] : [[name, parameters]])),
  );
}
