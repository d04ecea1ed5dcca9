/**
 * The panels from top to bottom. `share` is of the height all panels have together (normalised).
 */
export interface PanelSpec {
  readonly name: PanelName;
  readonly share: number;
}

export type PanelName = 'price' | 'supertrend' | 'volume' | 'macd' | 'rsi' | 'obv' | 'atr';

/**
 * Everything that decides the picture besides bars, symbol and timeframe; part of the render key,
 * so plain JSON only.
 */
export interface ChartSpec {
  /** Pixels. */
  readonly width: number;
  /** Pixels. */
  readonly height: number;
  readonly panels: readonly PanelSpec[];
  /** Space between two panels as a share of the height. */
  readonly spacing: number;
  readonly indicators: IndicatorParameters;
}

/** Periods in bars; multipliers in standard deviations (Bollinger) or ATRs (SuperTrend). */
export interface IndicatorParameters {
  readonly sma: readonly [short: number, middle: number, long: number];
  readonly bollinger: { readonly period: number; readonly deviations: number };
  readonly supertrend: { readonly period: number; readonly multiplier: number };
  readonly macd: { readonly fast: number; readonly slow: number; readonly signal: number };
  readonly rsi: { readonly period: number };
  readonly atr: { readonly period: number };
}

/**
 * Changes whenever the same input would give other pixels; every stored picture of the former
 * version is then redrawn.
 */
export const RENDERER_VERSION = 'chartproof-2';

export const DEFAULT_PARAMETERS: IndicatorParameters = {
  sma: [20, 50, 200],
  bollinger: { period: 20, deviations: 2 },
  supertrend: { period: 10, multiplier: 3 },
  macd: { fast: 12, slow: 26, signal: 9 },
  rsi: { period: 14 },
  atr: { period: 14 },
};

export const DEFAULT_SPEC: ChartSpec = {
  width: 1920,
  height: 1400,
  panels: [
    { name: 'price', share: 0.35 },
    { name: 'supertrend', share: 0.15 },
    { name: 'volume', share: 0.1 },
    { name: 'macd', share: 0.15 },
    { name: 'rsi', share: 0.15 },
    { name: 'obv', share: 0.1 },
    { name: 'atr', share: 0.1 },
  ],
  spacing: 0.03,
  indicators: DEFAULT_PARAMETERS,
};
