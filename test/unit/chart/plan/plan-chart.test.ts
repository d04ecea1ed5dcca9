import { beforeAll, expect, test } from 'vitest';
import { loadChartAssets } from '../../../../scripts/seed/load-chart-assets.ts';
import { parseBars } from '../../../../src/bars/parse-bars.ts';
import { DEFAULT_SPEC } from '../../../../src/chart/chart-spec.ts';
import { createChartRenderer, type ChartRenderer } from '../../../../src/chart/render-chart.ts';
import { walk } from '../awkward-series.ts';
import { apple, inputOf, textsOf } from '../chart-inputs.ts';

let renderer: ChartRenderer;
beforeAll(async () => {
  renderer = createChartRenderer(await loadChartAssets());
});

test('title, subtitle of the last bar, panels from top to bottom, dates once', async () => {
  const { texts, layout } = await renderer.plan(apple(200));
  expect(textsOf(texts, 'title')).toEqual(['AAPL']);
  expect(textsOf(texts, 'subtitle')).toEqual([
    'Open: 438.00 | High: 438.18 | Low: 429.98 | Close: 430.47',
  ]);
  expect(textsOf(texts, 'panel-title')).toEqual([
    'Price',
    'SuperTrend 10, 3',
    'Volume (M)',
    'MACD 12, 26, 9',
    'RSI 14',
    'OBV (M)',
    'ATR 14',
  ]);
  expect(textsOf(texts, 'axis-title')).toEqual([
    'Price',
    'SuperTrend',
    'Volume (M)',
    'MACD',
    'RSI',
    'OBV (M)',
    'ATR',
    'Date',
  ]);
  const dates = texts.filter(({ role }) => role === 'time-tick');
  expect(new Set(dates.map(({ y }) => y))).toEqual(new Set([layout.tickBaseline]));
  expect(dates.map(({ text }) => text)).toContain('Jan 2013');
});

test('panels share the height as the spec says', async () => {
  const { layout } = await renderer.plan(apple(200));
  const heights = layout.panels.map(({ plot }) => plot.height);
  const total = heights.reduce((sum, height) => sum + height, 0);
  heights.forEach((height, i) =>
    expect(height / total).toBeCloseTo((DEFAULT_SPEC.panels[i]?.share ?? 0) / 1.1, 2),
  );
});

test('bars within a day have times on the axis', async () => {
  const bars = walk(300, { step: 300 });
  const { texts } = await renderer.plan(inputOf({ bars, symbol: 'ES', timeframe: '5m' }));
  expect(textsOf(texts, 'time-tick')[1]).toMatch(/^\d\d:\d\d$/);
  expect(textsOf(texts, 'axis-title')).toContain('Date and time (UTC)');
});

test('bars are evenly spaced whatever the calendar says', async () => {
  const days = [0, 1, 2, 3, 20, 21, 22];
  const bars = parseBars(days.map((day) => ({ t: day * 86_400, o: 1, h: 2, l: 1, c: 2, v: 1 })));
  const { texts } = await renderer.plan(inputOf({ bars, symbol: 'GAP', timeframe: '1d' }));
  const middles = texts
    .filter(({ role }) => role === 'time-tick')
    .map(({ box }) => box.x + box.width / 2);
  const steps = middles.slice(1).map((x, i) => x - (middles[i] ?? 0));
  expect(Math.max(...steps) - Math.min(...steps)).toBeLessThanOrEqual(1.01);
});
