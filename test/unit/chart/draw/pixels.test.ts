import { Resvg } from '@resvg/resvg-js';
import { beforeAll, expect, test } from 'vitest';
import { loadChartAssets } from '../../../../scripts/seed/load-chart-assets.ts';
import { ATR_INK } from '../../../../src/chart/panel/atr.ts';
import { MACD_INK } from '../../../../src/chart/panel/macd.ts';
import { PRICE_INK } from '../../../../src/chart/panel/price.ts';
import { RSI_INK } from '../../../../src/chart/panel/rsi.ts';
import { SUPERTREND_INK } from '../../../../src/chart/panel/supertrend.ts';
import { COLOR } from '../../../../src/chart/plan/color.ts';
import { createChartRenderer, type ChartRenderer } from '../../../../src/chart/render-chart.ts';
import { readPixels } from '../../../support/reference-pixels.ts';
import { apple } from '../chart-inputs.ts';

let renderer: ChartRenderer;
beforeAll(async () => {
  renderer = createChartRenderer(await loadChartAssets());
});

test('the picture has the candles, lines and bands of the reference in its pixels', async () => {
  const { png } = await renderer.render(apple(200));
  const { rgba } = readPixels(png);
  const pixels = new Map<string, number>();
  for (let i = 0; i < rgba.length; i += 4) {
    const key = `rgb(${rgba[i]},${rgba[i + 1]},${rgba[i + 2]})`;
    pixels.set(key, (pixels.get(key) ?? 0) + 1);
  }
  const missing = [
    COLOR.up,
    COLOR.down,
    PRICE_INK.sma50,
    PRICE_INK.band,
    PRICE_INK.bandFill,
    SUPERTREND_INK.up,
    SUPERTREND_INK.down,
    MACD_INK.macd,
    MACD_INK.signal,
    RSI_INK.rsi,
    RSI_INK.fill,
    ATR_INK.atr,
  ].filter((color) => (pixels.get(color) ?? 0) < 200);
  expect(missing).toEqual([]);
  expect((pixels.get('rgb(255,255,255)') ?? 0) / (1920 * 1400)).toBeGreaterThan(0.7);
});

test('another renderer draws the same SVG to nearly the same picture', async () => {
  const input = apple(200);
  const { png } = await renderer.render(input);
  const ours = readPixels(png).rgba;
  const theirs = new Resvg(await renderer.renderSvg(input), {
    background: '#ffffff',
    font: { loadSystemFonts: false },
  }).render().pixels;
  let far = 0;
  for (let i = 0; i < ours.length; i++) if (Math.abs((ours[i] ?? 0) - (theirs[i] ?? 0)) > 96) far++;
  expect(far / ours.length).toBeLessThan(0.002);
});
