import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Resvg } from '@resvg/resvg-js';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadChartAssets } from '../../../scripts/seed/load-chart-assets.ts';
import { COLOR } from '../../../src/chart/draw/chart-color.ts';
import type { PlannedText, TextRole } from '../../../src/chart/plan/chart-plan.ts';
import { DEFAULT_SPEC, RENDERER_VERSION } from '../../../src/chart/chart-spec.ts';
import { computeIndicators } from '../../../src/chart/indicator/compute-indicators.ts';
import { indicatorStats } from '../../../src/chart/indicator/indicator-stats.ts';
import { inspectImage } from '../../../src/image/inspect-image.ts';
import { parseBars } from '../../../src/bars/parse-bars.ts';
import {
  createChartRenderer,
  type ChartRenderer,
  type RenderInput,
} from '../../../src/chart/render-chart.ts';
import { scanPng } from '../../../src/png/scan-png.ts';
import { readPixels, referencePixelHash } from '../../support/reference-pixels.ts';
import {
  AWKWARD_SERIES,
  constant,
  walk,
  withoutVolume,
  type AwkwardSeries,
} from './awkward-series.ts';
import { appleBars } from './read-vectors.ts';

let renderer: ChartRenderer;
beforeAll(async () => {
  renderer = createChartRenderer(await loadChartAssets());
});

const SIZES = [
  [1920, 1400],
  [1200, 1600],
  [800, 600],
] as const;

function inputOf(
  series: Pick<AwkwardSeries, 'bars' | 'symbol' | 'timeframe'>,
  [width, height]: readonly [number, number] = SIZES[1],
): RenderInput {
  const spec = { ...DEFAULT_SPEC, width, height };
  return { ...series, snapshotSha256: 'a'.repeat(64), renderKey: 'b'.repeat(32), spec };
}

const apple = (count: number): RenderInput =>
  inputOf({ bars: appleBars(count), symbol: 'AAPL', timeframe: '1d' }, SIZES[0]);

function textsOf(texts: readonly PlannedText[], role: TextRole): string[] {
  return texts.filter((text) => text.role === role).map(({ text }) => text);
}

describe.each(AWKWARD_SERIES)('$name', (series) => {
  test.each(SIZES)('at %i x %i no label lies on another or beyond the picture', async (...size) => {
    const { texts, width, height } = await renderer.plan(inputOf(series, size));
    const boxes = texts
      .filter(({ text }) => text !== '')
      .map(({ role, text, box }) => ({ label: `${role} "${text}"`, box }));
    const faults: string[] = [];
    for (const [i, { label, box }] of boxes.entries()) {
      if (box.x < 0 || box.y < 0 || box.x + box.width > width || box.y + box.height > height)
        faults.push(`${label} is cut off`);
      for (const other of boxes.slice(i + 1)) {
        const wide =
          Math.min(box.x + box.width, other.box.x + other.box.width) - Math.max(box.x, other.box.x);
        const high =
          Math.min(box.y + box.height, other.box.y + other.box.height) -
          Math.max(box.y, other.box.y);
        if (wide > 0.5 && high > 1.5) faults.push(`${label} and ${other.label}`);
      }
    }
    expect(faults).toEqual([]);
  });

  test('all shapes are finite and every series that has values is spoken of', async () => {
    const plan = await renderer.plan(inputOf(series));
    const numbers = JSON.stringify(plan.shapes);
    expect(numbers).not.toContain('null'); // what JSON makes of NaN and Infinity
    const indicators = computeIndicators(series.bars);
    const mains = [
      indicators.close,
      indicators.stValues,
      indicators.volume,
      indicators.macdLine,
      indicators.rsi,
      indicators.obv,
      indicators.atr,
    ];
    const shown = mains.filter((main) => main.some((value) => value !== null)).length;
    const roles = ['latest', 'average', 'median', 'max', 'min'] as const;
    expect(roles.map((role) => textsOf(plan.texts, role).length)).toEqual(roles.map(() => shown));
    expect(textsOf(plan.texts, 'needs').length).toBe(mains.length - shown);
  });

  test('the PNG is intact, carries its provenance and decodes to the pixels that it claims', async () => {
    const input = inputOf(series);
    const { png, pixelSha256, width, height } = await renderer.render(input);
    expect([width, height]).toEqual([1200, 1600]);
    expect(inspectImage(png)).toEqual({
      kind: 'png',
      width,
      height,
      provenance: {
        snapshot_sha256: input.snapshotSha256,
        render_key: input.renderKey,
        pixel_sha256: pixelSha256,
        symbol: series.symbol,
        timeframe: series.timeframe,
        bar_count: series.bars.length,
        first_bar: new Date(series.bars[0]?.time ?? 0).toISOString(),
        last_bar: new Date(series.bars.at(-1)?.time ?? 0).toISOString(),
        spec: input.spec,
        renderer: RENDERER_VERSION,
      },
    });
    expect(referencePixelHash(readPixels(png))).toBe(pixelSha256);
    expect(await scanPng(png, { maxPixels: 16_000_000, maxInterlacedPixels: 0 })).toEqual({
      kind: 'intact',
      width,
      height,
      pixelSha256,
    });
  });
});

describe('what is written', () => {
  test('Max, Min, Avg, Med and the latest value of each panel', async () => {
    const input = apple(200);
    const { texts } = await renderer.plan(input);
    const { latest, max, min, average, median } = indicatorStats(
      computeIndicators(input.bars).close,
    );
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
      const { shapes, layout } = await renderer.plan(
        inputOf({ bars, symbol: 'X', timeframe: '1d' }),
      );
      return shapes.flatMap((shape) =>
        shape.kind === 'plate' && shape.box.x === layout.gutterX
          ? [shape.fill === COLOR.statistic]
          : [],
      );
    };
    expect(await tags(() => true)).toEqual([false, false, false, false, false, false, false]);
    expect(await tags((i) => i < 99)).toEqual([false, false, true, false, false, true, false]);
  });

  test('bars within a day have times on the axis', async () => {
    const bars = walk(300, { step: 300 });
    const { texts } = await renderer.plan(inputOf({ bars, symbol: 'ES', timeframe: '5m' }));
    expect(textsOf(texts, 'time-tick')[1]).toMatch(/^\d\d:\d\d$/);
    expect(textsOf(texts, 'axis-title')).toContain('Date and time (UTC)');
  });
});

describe('what is drawn', () => {
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
    expect([strokes(up, COLOR.trendUp), strokes(up, COLOR.trendDown)]).toEqual([1, 0]);
    expect([strokes(down, COLOR.trendUp), strokes(down, COLOR.trendDown)]).toEqual([0, 1]);
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
    expect(rectsOf(COLOR.aboveGrowing)).toEqual([Array.from({ length: 60 - 33 }, () => 1)]);
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
      COLOR.sma50,
      COLOR.band,
      COLOR.bandFill,
      COLOR.trendUp,
      COLOR.trendDown,
      COLOR.macd,
      COLOR.signal,
      COLOR.rsi,
      COLOR.rsiFill,
      COLOR.atr,
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
    for (let i = 0; i < ours.length; i++)
      if (Math.abs((ours[i] ?? 0) - (theirs[i] ?? 0)) > 96) far++;
    expect(far / ours.length).toBeLessThan(0.002);
  });
});

describe('the same input gives the same pixels', () => {
  test('with cold and with warm text caches, alone and after other charts', async () => {
    const cold = createChartRenderer(await loadChartAssets());
    const first = await cold.render(apple(200));
    await cold.render(inputOf({ bars: walk(60), symbol: 'Сбербанк', timeframe: '1h' }, SIZES[0]));
    const warm = await cold.render(apple(200));
    const other = await renderer.render(apple(200));
    expect([warm.pixelSha256, other.pixelSha256]).toEqual([first.pixelSha256, first.pixelSha256]);
    expect(Buffer.compare(warm.png, first.png)).toBe(0);
  });

  test('charts drawn at once do not disturb each other', async () => {
    const alone = await renderer.render(apple(100));
    const together = await Promise.all(
      [apple(100), apple(50), apple(100)].map((input) => renderer.render(input)),
    );
    expect(together.map(({ pixelSha256 }) => pixelSha256 === alone.pixelSha256)).toEqual([
      true,
      false,
      true,
    ]);
  });

  test('under every time zone and locale', async () => {
    const script = fileURLToPath(new URL('print-pixel-hash.ts', import.meta.url));
    const run = (zone: string, locale: string): string =>
      execFileSync(process.execPath, ['--import', 'tsx', script], {
        env: { ...process.env, TZ: zone, LANG: locale, LC_ALL: locale, NODE_OPTIONS: '' },
        encoding: 'utf8',
      });
    const here = run('UTC', 'C');
    expect(here).toMatch(/^[0-9a-f]{64} [0-9a-f]{64}$/);
    expect(run('Pacific/Kiritimati', 'ar_EG.UTF-8')).toBe(here);
    expect(run('America/St_Johns', 'tr_TR.UTF-8')).toBe(here);
  }, 60_000);
});
