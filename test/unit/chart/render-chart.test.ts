import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadChartAssets } from '../../../scripts/seed/load-chart-assets.ts';
import { RENDERER_VERSION } from '../../../src/chart/chart-spec.ts';
import { createChartRenderer, type ChartRenderer } from '../../../src/chart/render-chart.ts';
import { wireSeries } from '../../../src/chart/wire-series.ts';
import { inspectImage } from '../../../src/image/inspect-image.ts';
import { scanPng } from '../../../src/png/scan-png.ts';
import { readPixels, referencePixelHash } from '../../support/reference-pixels.ts';
import { AWKWARD_SERIES, walk } from './awkward-series.ts';
import { apple, bookOf, inputOf, SIZES, textsOf } from './chart-inputs.ts';

let renderer: ChartRenderer;
beforeAll(async () => {
  renderer = createChartRenderer(await loadChartAssets());
});

describe.each(AWKWARD_SERIES)('$name', (series) => {
  const plans = new Map<number, ReturnType<ChartRenderer['plan']>>();
  const planAt = (
    size: readonly [number, number] = SIZES[1],
  ): ReturnType<ChartRenderer['plan']> => {
    const plan = plans.get(size[0]) ?? renderer.plan(inputOf(series, size));
    plans.set(size[0], plan);
    return plan;
  };

  test.each(SIZES)('at %i x %i no label lies on another or beyond the picture', async (...size) => {
    const { texts, width, height } = await planAt(size);
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
    const plan = await planAt();
    const numbers = JSON.stringify(plan.shapes);
    expect(numbers).not.toContain('null'); // what JSON makes of NaN and Infinity
    const wire = wireSeries(bookOf(series.bars));
    const mains = ['close', 'st_values', 'volume', 'macd_line', 'rsi', 'obv', 'atr'];
    const shown = mains.filter((name) => wire[name]?.some((value) => value !== null)).length;
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
