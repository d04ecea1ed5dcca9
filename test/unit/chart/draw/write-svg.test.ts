import { beforeAll, expect, test } from 'vitest';
import { loadChartAssets } from '../../../../scripts/seed/load-chart-assets.ts';
import { DEFAULT_SPEC } from '../../../../src/chart/chart-spec.ts';
import { rasterizeSvg, startResvg } from '../../../../src/chart/draw/rasterize-svg.ts';
import { TextStamps } from '../../../../src/chart/draw/text-stamps.ts';
import { writeSvg } from '../../../../src/chart/draw/write-svg.ts';
import { GlyphBook } from '../../../../src/chart/font/glyph-book.ts';
import { REGULAR } from '../../../../src/chart/font/inter.ts';
import type { Shape } from '../../../../src/chart/mark/shape.ts';
import { layOutChart } from '../../../../src/chart/plan/chart-layout.ts';
import { planText } from '../../../../src/chart/plan/plan-text.ts';

let book: GlyphBook;
beforeAll(async () => {
  const { yogaWasm, resvgWasm, regularFont, boldFont } = await loadChartAssets();
  book = await GlyphBook.open(yogaWasm, regularFont, boldFont);
  await book.learn('HI', REGULAR);
  await startResvg(resvgWasm);
});

const layout = layOutChart(DEFAULT_SPEC, 0, 0);
const write = (shapes: readonly Shape[]): string =>
  writeSvg({ width: 40, height: 30, layout, swatches: '', shapes, texts: [] }, [], book);
const OPEN = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30">';

test('neighbouring rectangles of one colour are one path, others keep their order', () => {
  const rects = (color: string, ...numbers: number[]): Shape => ({ kind: 'rects', color, numbers });
  const path = (color: string, d: string): string =>
    `<path shape-rendering="crispEdges" fill="${color}" d="${d}"/>`;
  expect(
    write([rects('red', 1, 2, 3, 4), rects('red', 5, 6, 1, 1), rects('blue', 0, 0, 9, 9)]),
  ).toBe(`${OPEN}${path('red', 'M1 2h3v4h-3zM5 6h1v1h-1z')}${path('blue', 'M0 0h9v9h-9z')}</svg>`);
});

test('lines are written in tenths of a pixel, each point from the one before', () => {
  const line: Shape = { kind: 'lines', color: 'red', width: 1.5, lines: [[1, 2, 3.25, 4, 3, 3]] };
  const stroke = 'fill="none" stroke="red" stroke-width="15"';
  const rest = 'stroke-linejoin="bevel" d="M10 20l23 20 -3 -10"/>';
  expect(write([line])).toBe(`${OPEN}<path transform="scale(.1)" ${stroke} ${rest}</svg>`);
  expect(write([{ ...line, dash: [7, 5] }])).toContain('"15" stroke-dasharray="70 50" stroke-');
});

test('what is written is drawn: a rectangle sharp, a plate within its box', () => {
  const { rgba, width } = rasterizeSvg(
    write([
      { kind: 'rects', color: 'rgb(255,0,0)', numbers: [4, 5, 2, 3] },
      {
        kind: 'plate',
        box: { x: 20, y: 10, width: 10, height: 10 },
        fill: '#00ff00',
        stroke: '#00ff00',
      },
    ]),
  );
  const reached = (channel: 0 | 1): number[] => {
    const xs: number[] = [];
    const ys: number[] = [];
    for (let i = 0; i < rgba.length; i += 4) {
      if (rgba[i + channel] !== 255 || rgba[i + 2] === 255) continue;
      xs.push((i / 4) % width);
      ys.push(Math.floor(i / 4 / width));
    }
    return [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  };
  expect(reached(0)).toEqual([4, 5, 5, 7]);
  expect(reached(1)).toEqual([20, 29, 10, 19]);
});

test('a stamped text covers what its outline does', () => {
  const text = planText(book, {
    role: 'legend',
    text: 'HI',
    x: 5,
    y: 24,
    size: 20,
    color: '#000000',
  });
  const stamped = rasterizeSvg(write([]));
  new TextStamps(book).draw(stamped, [text]);
  const outlined = rasterizeSvg(
    writeSvg({ width: 40, height: 30, layout, swatches: '', shapes: [], texts: [] }, [text], book),
  );
  const ink = (rgba: Uint8Array): number => rgba.reduce((sum, value) => sum + 255 - value, 0);
  expect(ink(stamped.rgba)).toBeGreaterThan(20_000);
  expect(ink(stamped.rgba) / ink(outlined.rgba)).toBeCloseTo(1, 1);
  let far = 0;
  for (let i = 0; i < stamped.rgba.length; i += 4)
    if (Math.abs((stamped.rgba[i] ?? 0) - (outlined.rgba[i] ?? 0)) > 64) far++;
  expect(far).toBe(0);
});
