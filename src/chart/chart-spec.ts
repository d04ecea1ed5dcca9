import { ATR } from './indicator/atr.ts';
import { BOLLINGER } from './indicator/bollinger.ts';
import { usualParameters, type Indicator } from './indicator/indicator.ts';
import { MACD } from './indicator/macd.ts';
import { OBV } from './indicator/obv.ts';
import { PRICES } from './indicator/prices.ts';
import { RSI } from './indicator/rsi.ts';
import { SMA } from './indicator/sma.ts';
import { SUPERTREND } from './indicator/supertrend.ts';
import { atr } from './panel/atr.ts';
import { macd } from './panel/macd.ts';
import { obv } from './panel/obv.ts';
import { price } from './panel/price.ts';
import { rsi } from './panel/rsi.ts';
import { supertrend } from './panel/supertrend.ts';
import { volume } from './panel/volume.ts';
import type { Panels } from './plan/panel.ts';
import type { ChartSpec } from './plan/spec.ts';

/**
 * Changes whenever the same spec would give other pixels; every stored picture of the former
 * version is then redrawn. A change of the spec needs no other version: both are in the render key.
 */
export const RENDERER_VERSION = 'chartproof-2';

/** All indicators, in the order of the wire. */
export const INDICATORS: readonly Indicator[] = [
  PRICES,
  SMA,
  BOLLINGER,
  SUPERTREND,
  MACD,
  RSI,
  OBV,
  ATR,
];

/** All panels, in the order in which a chart is described. */
export const PANELS = {
  price,
  supertrend,
  volume,
  macd,
  rsi,
  obv,
  atr,
} as const satisfies Panels;

export type PanelName = keyof typeof PANELS;

export const DEFAULT_SPEC: ChartSpec<PanelName> = {
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
  indicators: usualParameters(INDICATORS),
};
