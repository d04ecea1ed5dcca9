import { expect, test } from 'vitest';
import {
  DEFAULT_SPEC,
  INDICATORS,
  PANELS,
  RENDERER_VERSION,
} from '../../../src/chart/chart-spec.ts';
import { renderKey } from '../../../src/image/picture.ts';

/** Stored pictures lie under keys of this: what changes here draws every picture anew. */
test('the spec that render keys are made of', async () => {
  expect(DEFAULT_SPEC).toEqual({
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
    indicators: {
      sma: [20, 50, 200],
      bollinger: { period: 20, deviations: 2 },
      supertrend: { period: 10, multiplier: 3 },
      macd: { fast: 12, slow: 26, signal: 9 },
      rsi: { period: 14 },
      atr: { period: 14 },
    },
  });
  const identity = {
    snapshotSha256: 'a'.repeat(64),
    symbol: 'AAPL',
    timeframe: '1d',
    spec: DEFAULT_SPEC,
    renderer: RENDERER_VERSION,
  };
  expect(await renderKey(identity)).toBe('a3f773ecf6702e49cdb3ef2c2f836046');
});

test('shows every panel of the table once', () => {
  expect(DEFAULT_SPEC.panels.map(({ name }) => name)).toEqual(Object.keys(PANELS));
});

test('no two indicators share a name, here or on the wire', () => {
  const names = INDICATORS.map(({ name }) => name);
  const wire = INDICATORS.flatMap((indicator) => Object.values(indicator.wire));
  expect(new Set(names).size).toBe(names.length);
  expect(new Set(wire).size).toBe(wire.length);
});
