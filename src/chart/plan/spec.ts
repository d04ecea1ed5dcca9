import type { IndicatorParameters } from '../indicator/indicator.ts';

/** One panel; `share` is of the height that all panels have together (normalised). */
export interface PanelSpec<Name extends string = string> {
  readonly name: Name;
  readonly share: number;
}

/**
 * Everything that decides the picture besides bars, symbol and timeframe; part of the render key,
 * so plain JSON only. `Name`: the panels there are.
 */
export interface ChartSpec<Name extends string = string> {
  /** Pixels. */
  readonly width: number;
  /** Pixels. */
  readonly height: number;
  /** From top to bottom. */
  readonly panels: readonly PanelSpec<Name>[];
  /** Space between two panels as a share of the height. */
  readonly spacing: number;
  readonly indicators: IndicatorParameters;
}
