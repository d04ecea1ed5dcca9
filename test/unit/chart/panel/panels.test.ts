import { beforeAll, expect, test } from 'vitest';
import { loadChartAssets } from '../../../../scripts/seed/load-chart-assets.ts';
import { parseBars } from '../../../../src/bars/parse-bars.ts';
import { PRICES } from '../../../../src/chart/indicator/prices.ts';
import { seriesStats } from '../../../../src/chart/indicator/series-stats.ts';
import { MACD_INK } from '../../../../src/chart/panel/macd.ts';
import { SUPERTREND_INK } from '../../../../src/chart/panel/supertrend.ts';
import { COLOR } from '../../../../src/chart/plan/color.ts';
import { createChartRenderer, type ChartRenderer } from '../../../../src/chart/render-chart.ts';
import { constant, walk, withoutVolume } from '../awkward-series.ts';
import { apple, bookOf, inputOf, SIZES, textsOf } from '../chart-inputs.ts';

let renderer: ChartRenderer;
beforeAll(async () => {
  renderer = createChartRenderer(await loadChartAssets());
});

test('Max, Min, Avg, Med and the latest value of each panel', async () => {
  const input = apple(200);
  const { texts } = await renderer.plan(input);
  const stats = seriesStats(bookOf(input.bars).of(PRICES).close);
  const { latest, max, min, average, median } = stats;
  const closes = input.bars.map((bar) => bar.close).toSorted((a, b) => a - b);
  expect([latest, max, min]).toEqual([input.bars.at(-1)?.close, closes.at(-1), closes[0]]);
  expect(median).toBe(closes[100]); // the upper one of 200
  expect(average).toBeCloseTo(closes.reduce((sum, value) => sum + value, 0) / 200, 9);
  expect(textsOf(texts, 'latest')[0]).toBe('430.47');
  expect(textsOf(texts, 'max')[0]).toBe('Max 702.10');
  expect(textsOf(texts, 'min')[0]).toBe('Min 430.47');
  expect(textsOf(texts, 'average')[0]).toBe(`Avg ${average?.toFixed(2)}`);
  expect(textsOf(texts, 'median')[0]).toBe(`Med ${median?.toFixed(2)}`);
  expect(textsOf(texts, 'latest')[2]).toBe('19.73M');
});

test('short series say what they need', async () => {
  const { texts } = await renderer.plan(inputOf({ bars: walk(5), symbol: 'X', timeframe: '1d' }));
  expect(textsOf(texts, 'needs')).toEqual([
    'SuperTrend 10, 3 needs 11 bars',
    'MACD 12, 26, 9 needs 26 bars',
    'RSI 14 needs 15 bars',
    'ATR 14 needs 15 bars',
  ]);
  expect(textsOf(texts, 'legend')).toEqual(
    expect.arrayContaining([
      'SMA 20 needs 20 bars',
      'SMA 50 needs 50 bars',
      'SMA 200 needs 200 bars',
      'Bollinger 20, 2 needs 20 bars',
    ]),
  );
});

test.each([
  [
    () => false,
    ['These bars have no volume', 'On-balance volume needs volumes, and these bars have none'],
    [],
  ],
  [
    (i: number) => i === 9,
    ['On-balance volume needs volumes of neighbouring bars'],
    ['Gaps: bars without volume'],
  ],
  [(i: number) => i < 99, [], ['Gaps: bars without volume', 'Ends where a bar has no volume']],
  [(i: number) => i > 9, [], ['Gaps: bars without volume', 'Starts where bars have volumes']],
  [(i: number) => i !== 50, [], ['Gaps: bars without volume', 'Ends where a bar has no volume']],
  [() => true, [], []],
])('bars without volume say so %#', async (keeps, needs, remarks) => {
  const { texts } = await renderer.plan(
    inputOf({ bars: withoutVolume(walk(100), keeps), symbol: 'X', timeframe: '1d' }),
  );
  expect(textsOf(texts, 'needs')).toEqual(needs);
  expect(
    textsOf(texts, 'legend').filter((text) => text.includes('where') || text.includes('Gaps')),
  ).toEqual(remarks);
});

test('a latest value that is not of the last bar stands on a grey tag', async () => {
  const tags = async (keeps: (i: number) => boolean) => {
    const bars = withoutVolume(walk(100), keeps);
    const { shapes, layout } = await renderer.plan(inputOf({ bars, symbol: 'X', timeframe: '1d' }));
    return shapes.flatMap((shape) =>
      shape.kind === 'plate' && shape.box.x === layout.gutterX
        ? [shape.fill === COLOR.statistic]
        : [],
    );
  };
  expect(await tags(() => true)).toEqual([false, false, false, false, false, false, false]);
  expect(await tags((i) => i < 99)).toEqual([false, false, true, false, false, true, false]);
});

test('SuperTrend is green in an uptrend and dark red in a downtrend', async () => {
  const trend = (at: (i: number) => number, lean: number) =>
    parseBars(
      Array.from({ length: 60 }, (_, i) => ({
        t: i * 86_400,
        o: at(i),
        h: at(i) + 2,
        l: at(i) - 2,
        c: at(i) + lean,
        v: 1,
      })),
    );
  const up = await renderer.plan(
    inputOf({ bars: trend((i) => 100 + i, 1), symbol: 'UP', timeframe: '1d' }),
  );
  const down = await renderer.plan(
    inputOf({ bars: trend((i) => 200 - i, -1), symbol: 'DOWN', timeframe: '1d' }),
  );
  const strokes = (plan: typeof up, color: string): number =>
    plan.shapes.filter(
      (shape) =>
        shape.kind === 'lines' &&
        shape.color === color &&
        shape.width > 2 &&
        shape.lines.length > 0,
    ).length;
  expect([strokes(up, SUPERTREND_INK.up), strokes(up, SUPERTREND_INK.down)]).toEqual([1, 0]);
  expect([strokes(down, SUPERTREND_INK.up), strokes(down, SUPERTREND_INK.down)]).toEqual([0, 1]);
});

test('values of exactly 0 are drawn: a volume of 0 and a histogram of 0 are one pixel high', async () => {
  const bars = constant(60, 42, 0);
  const { shapes } = await renderer.plan(inputOf({ bars, symbol: 'ZERO', timeframe: '1d' }));
  const rectsOf = (color: string): number[][] =>
    shapes.flatMap((shape) =>
      shape.kind !== 'rects' || shape.color !== color
        ? []
        : [
            Array.from(
              { length: shape.numbers.length / 4 },
              (_, i) => shape.numbers[i * 4 + 3] ?? 0,
            ),
          ],
    );
  expect(rectsOf(MACD_INK.aboveGrowing)).toEqual([Array.from({ length: 60 - 33 }, () => 1)]);
  expect(rectsOf(COLOR.up).at(-1)).toEqual(Array.from({ length: 60 }, () => 1));
});

test('a bar without volume leaves a gap, also where bars share a column of pixels', async () => {
  const columns = async (count: number, keeps: (i: number) => boolean) => {
    const bars = withoutVolume(walk(count, { step: 3600 }), keeps);
    const { shapes, layout } = await renderer.plan(
      inputOf({ bars, symbol: 'GAP', timeframe: '1h' }, SIZES[0]),
    );
    const plot = layout.panels.find(({ name }) => name === 'volume')?.plot;
    const taken = new Set<number>();
    for (const shape of shapes) {
      if (shape.kind !== 'rects' || (shape.color !== COLOR.up && shape.color !== COLOR.down))
        continue;
      for (let i = 0; i < shape.numbers.length; i += 4) {
        const [x = 0, y = 0] = shape.numbers.slice(i, i + 2);
        if (plot !== undefined && y >= plot.y && y < plot.y + plot.height) taken.add(x - plot.x);
      }
    }
    return { taken, width: plot?.width ?? 0 };
  };
  expect((await columns(60, (i) => i % 3 === 0)).taken.size).toBe(20);
  expect((await columns(60, () => false)).taken.size).toBe(0);
  const { taken, width } = await columns(5000, (i) => i < 2000 || i > 3500);
  const empty = Array.from({ length: width }, (_, x) => x).filter((x) => !taken.has(x));
  expect(empty.length / width).toBeCloseTo(1501 / 5000, 2);
  expect(Math.min(...empty) / width).toBeCloseTo(0.4, 2);
});
