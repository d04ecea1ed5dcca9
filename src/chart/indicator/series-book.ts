import type { Bar } from '../../bars/bar.ts';
import type { Indicator, IndicatorParameters } from './indicator.ts';
import type { Series } from './series.ts';

type Values<Name extends string> = Readonly<Record<Name, Series>>;

/** The bars of a chart with all that is computed from them, each indicator once. */
export class SeriesBook {
  readonly bars: readonly Bar[];
  readonly #parameters: IndicatorParameters;
  readonly #kept = new Map<string, Values<string>>();

  /** `bars` ascending; `parameters` those of a spec. */
  constructor(bars: readonly Bar[], parameters: IndicatorParameters) {
    this.bars = bars;
    this.#parameters = parameters;
  }

  /**
   * The series of an indicator, with the spec's parameters.
   *
   * @throws {RangeError} when the spec lacks them.
   */
  of<Name extends string>(indicator: Indicator<unknown, Name>): Values<Name> {
    const kept = this.#kept.get(indicator.name);
    if (kept !== undefined) return kept;
    const values = indicator.compute(this.bars, this.parametersOf(indicator));
    this.#kept.set(indicator.name, values);
    return values;
  }

  /** @throws {RangeError} when the spec lacks them. */
  parametersOf<Parameters>(indicator: Indicator<Parameters>): Parameters {
    if (indicator.parameters === null) return indicator.parameters;
    const given = this.#parameters[indicator.name];
    if (given === undefined) throw new RangeError(`no parameters of ${indicator.name} are given`);
    return given as Parameters;
  }
}
