import { beforeAll, expect, test } from 'vitest';
import { loadChartAssets } from '../../../scripts/seed/load-chart-assets.ts';
import { DEFAULT_SPEC, INDICATORS, PANELS } from '../../../src/chart/chart-spec.ts';
import { describeChart } from '../../../src/chart/describe-chart.ts';
import { usualParameters } from '../../../src/chart/indicator/indicator.ts';
import { SeriesBook } from '../../../src/chart/indicator/series-book.ts';
import type { PlannedText, TextRole } from '../../../src/chart/plan/chart-plan.ts';
import {
  createChartRenderer,
  type ChartRenderer,
  type RenderInput,
} from '../../../src/chart/render-chart.ts';
import { wireSeries } from '../../../src/chart/wire-series.ts';
import { readProvenance } from '../../../src/png/provenance.ts';
import { readPixels, referencePixelHash } from '../../support/reference-pixels.ts';
import { WILLIAMS_R } from './added-panel/indicator/williams-r.ts';
import { williamsR as panel, WILLIAMS_INK } from './added-panel/panel/williams-r.ts';
import { walk } from './awkward-series.ts';
import { apple } from './chart-inputs.ts';

// The recipe of docs/chart.md: an indicator's file, its panel's file, and these lines of the table.
const indicators = [...INDICATORS, WILLIAMS_R];
const panels = { ...PANELS, williamsR: panel };
const spec = {
  ...DEFAULT_SPEC,
  panels: [...DEFAULT_SPEC.panels, { name: 'williamsR' as const, share: 0.15 }],
  indicators: usualParameters(indicators),
};

type Name = keyof typeof panels;
const input: RenderInput<Name> = { ...apple(200), spec };
const high = input.bars.map((bar) => bar.high);
const low = input.bars.map((bar) => bar.low);

let renderer: ChartRenderer<Name>;
beforeAll(async () => {
  renderer = createChartRenderer(await loadChartAssets(), { panels });
});

/** Of the bar `i`, from its definition. */
function expected(i: number): number {
  const [top, bottom] = [
    Math.max(...high.slice(i - 13, i + 1)),
    Math.min(...low.slice(i - 13, i + 1)),
  ];
  return (-100 * (top - (input.bars[i]?.close ?? NaN))) / (top - bottom);
}

test('its numbers are on the wire, under its name, after all others', () => {
  const series = wireSeries(new SeriesBook(input.bars, spec.indicators), indicators);
  expect(Object.keys(series).at(-1)).toBe('williams_r');
  expect(series['williams_r']?.slice(0, 13)).toEqual(Array.from({ length: 13 }, () => null));
  for (const i of [13, 14, 100, 199]) expect(series['williams_r']?.[i]).toBeCloseTo(expected(i), 9);
});

test('the plan has an eighth panel with all that every panel has', async () => {
  const { layout, shapes, texts } = await renderer.plan(input);
  const box = layout.panels.at(-1);
  const plot = box?.plot ?? { x: 0, y: 0, width: 0, height: 0 };
  expect(layout.panels.map(({ name }) => name)).toEqual([...Object.keys(PANELS), 'williamsR']);
  const share = plot.height / layout.panels.reduce((sum, one) => sum + one.plot.height, 0);
  expect(share).toBeCloseTo(0.15 / spec.panels.reduce((sum, one) => sum + one.share, 0), 2);

  const values = Array.from({ length: 200 - 13 }, (_, i) => expected(i + 13));
  const sorted = values.toSorted((a, b) => a - b);
  const text = (value = NaN): string => value.toFixed(2).replace('-', '\u2212');
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const last = (role: TextRole): PlannedText | undefined =>
    texts.findLast((one) => one.role === role);
  expect(last('panel-title')?.text).toBe('Williams %R 14');
  expect(last('latest')?.text).toBe(text(values.at(-1)));
  expect(last('max')?.text).toBe(`Max ${text(sorted.at(-1))}`);
  expect(last('min')?.text).toBe(`Min ${text(sorted[0])}`);
  expect(last('average')?.text).toBe(`Avg ${text(mean)}`);
  expect(last('median')?.text).toBe(`Med ${text(sorted[Math.floor(sorted.length / 2)])}`);
  expect(
    texts
      .filter(({ role }) => role === 'value-tick')
      .map((one) => one.text)
      .slice(-3),
  ).toEqual(['\u221280', '\u221250', '\u221220']);

  const lines = shapes.filter((one) => one.kind === 'lines' && one.color === WILLIAMS_INK.line);
  const [points = []] = lines.flatMap((one) => (one.kind === 'lines' ? one.lines : []));
  expect(points.length).toBe(values.length * 2);
  const ys = points.filter((_, i) => i % 2 === 1);
  expect(Math.min(...ys)).toBeGreaterThanOrEqual(plot.y);
  expect(Math.max(...ys)).toBeLessThanOrEqual(plot.y + plot.height);
  expect(ys.indexOf(Math.min(...ys))).toBe(values.indexOf(sorted.at(-1) ?? NaN));
});

test('the seven others are drawn as without it', async () => {
  const seven = createChartRenderer(await loadChartAssets());
  const titles = async (plan: Promise<{ readonly texts: readonly PlannedText[] }>) =>
    (await plan).texts.filter(({ role }) => role === 'latest').map(({ text }) => text);
  const withIt = await titles(renderer.plan(input));
  expect(withIt.slice(0, 7)).toEqual(await titles(seven.plan(apple(200))));
  expect(withIt.length).toBe(8);
});

test('the PNG has it in its pixels, its plots and its label', async () => {
  const { png, pixelSha256, plots } = await renderer.render(input);
  const { width, rgba } = readPixels(png);
  expect(referencePixelHash(readPixels(png))).toBe(pixelSha256);
  const plot = plots.at(-1);
  expect(plot?.name).toBe('williamsR');
  const counts = { inside: 0, outside: 0 };
  for (let i = 0; i < rgba.length; i += 4) {
    const y = Math.floor(i / 4 / width);
    const color = `rgb(${rgba[i]},${rgba[i + 1]},${rgba[i + 2]})`;
    if (color !== WILLIAMS_INK.line || plot === undefined) continue;
    counts[y >= plot.y && y < plot.y + plot.height ? 'inside' : 'outside']++;
  }
  expect(counts.inside).toBeGreaterThan(1000);
  expect(readProvenance(png)?.spec).toEqual(spec);
});

test('it is described, and says what it needs where there are few bars', async () => {
  const text = describeChart(
    { symbol: 'AAPL', timeframe: '1d', series: new SeriesBook(input.bars, spec.indicators) },
    panels,
  );
  expect(text).toMatch(/ATR is 11\.83\. Williams %R is \u2212\d+\.\d\d \(oversold\)\.$/);
  const { texts } = await renderer.plan({ ...input, bars: walk(13) });
  expect(texts.findLast(({ role }) => role === 'needs')?.text).toBe('Williams %R 14 needs 14 bars');
});

test('a panel that the renderer does not have is an error that names it', async () => {
  const other = { ...spec, panels: [{ name: 'no such panel' as Name, share: 1 }] };
  await expect(renderer.plan({ ...input, spec: other })).rejects.toThrow(
    new RangeError('there is no panel no such panel'),
  );
});
