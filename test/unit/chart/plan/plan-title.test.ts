import { beforeAll, expect, test } from 'vitest';
import { loadChartAssets } from '../../../../scripts/seed/load-chart-assets.ts';
import { DEFAULT_SPEC } from '../../../../src/chart/chart-spec.ts';
import { GlyphBook } from '../../../../src/chart/font/glyph-book.ts';
import { BOLD, REGULAR } from '../../../../src/chart/font/inter.ts';
import { layOutChart } from '../../../../src/chart/plan/chart-layout.ts';
import {
  centredBaseline,
  planText,
  planUpwardText,
  type TextWish,
} from '../../../../src/chart/plan/plan-text.ts';
import { planTitle, visibleText } from '../../../../src/chart/plan/plan-title.ts';
import { walk } from '../awkward-series.ts';

let book: GlyphBook;
beforeAll(async () => {
  const { yogaWasm, regularFont, boldFont } = await loadChartAssets();
  book = await GlyphBook.open(yogaWasm, regularFont, boldFont);
  const letters = ' |:,.-\u2013\u00b7\u2026\u22120123456789';
  const alphabet = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
  await book.learn(letters + alphabet, REGULAR);
  await book.learn(letters + alphabet, BOLD);
});

test.each([
  ['AAPL', 'AAPL'],
  ['  a \t b\n', 'a b'],
  ['A\u0308', 'Ä'],
  ['a\u202eb\u0000c', 'a b c'],
  ['x'.repeat(60), 'x'.repeat(60)],
  ['x'.repeat(61), `${'x'.repeat(60)}\u2026`],
  ['\u0000\u202e\n', ''],
])('the name %j is drawn as %j', (raw, text) => {
  expect(visibleText(raw)).toBe(text);
});

const layout = layOutChart(DEFAULT_SPEC, 80, 120);
const SMALL = { ...DEFAULT_SPEC, width: 640, height: 600 };
const titleOf = (symbol: string, spec = DEFAULT_SPEC) =>
  planTitle(
    {
      bars: walk(60, { decimals: 2 }),
      symbol,
      timeframe: '1d',
      spec,
      layout: layOutChart(spec, 80, 120),
    },
    book,
  );

test('symbol on the left, bars on the right, both on one line', () => {
  const [title, meta, subtitle] = titleOf('AAPL');
  expect(title).toMatchObject({ role: 'title', text: 'AAPL', x: 80, size: layout.sizes.title });
  expect(meta?.text).toBe('1d  \u00b7  60 bars  \u00b7  2020-01-01 \u2013 2020-02-29');
  expect(meta?.box.x).toBeCloseTo(1920 - layout.sizes.label - (meta?.box.width ?? 0), 6);
  expect([title?.y, meta?.y]).toEqual([layout.titleBaseline, layout.titleBaseline]);
  expect(subtitle?.text).toMatch(/^Open: \d+\.\d\d \| High: .* \| Low: .* \| Close: \d+\.\d\d$/);
});

test('a long symbol becomes smaller, then shorter, and never touches the bars', () => {
  const { sizes } = layOutChart(SMALL, 80, 120);
  for (const symbol of ['M'.repeat(34), 'W'.repeat(60)]) {
    const [title, meta] = titleOf(symbol, SMALL);
    expect(title?.size).toBeLessThan(sizes.title);
    expect(title?.size).toBeGreaterThanOrEqual(sizes.label);
    expect((title?.box.x ?? 0) + (title?.box.width ?? 0)).toBeLessThan(meta?.box.x ?? 0);
  }
  expect(titleOf('M'.repeat(34), SMALL)[0]?.text).toBe('M'.repeat(34));
  expect(titleOf('W'.repeat(60), SMALL)[0]?.text).toMatch(/^W+\u2026$/);
});

const wish: TextWish = { role: 'legend', text: 'Word', x: 100, y: 50, size: 20, color: 'red' };

test.each([
  ['start', 0],
  ['middle', 0.5],
  ['end', 1],
] as const)('a text that is anchored at its %s', (anchor, share) => {
  const { box, x } = planText(book, { ...wish, anchor });
  expect(x).toBeCloseTo(100 - box.width * share, 9);
  expect(box).toMatchObject({ x, height: expect.closeTo(19.6, 9) });
});

test('a text that reads upwards lies on its side, around its middle', () => {
  const flat = planText(book, wish);
  const upward = planUpwardText(book, wish);
  expect(upward.upwards).toBe(true);
  expect(upward.box.height).toBe(flat.box.width);
  expect(upward.box.y + upward.box.height / 2).toBeCloseTo(50, 9);
  expect(centredBaseline(50, 20)).toBeCloseTo(57.27, 9);
});

test('a text is the sum of its characters, cut where it is too wide', () => {
  const width = (text: string): number => book.width(text, 20, REGULAR);
  expect(width('Word')).toBeCloseTo(width('W') + width('o') + width('r') + width('d'), 9);
  expect(width('12')).toBe(width('98'));
  expect(book.width('Word', 40, REGULAR)).toBeCloseTo(2 * width('Word'), 9);
  expect(book.fit('Word', 20, REGULAR, width('Word'))).toBe('Word');
  const cut = book.fit('Word Word', 20, REGULAR, width('Word W'));
  expect(cut).toBe('Word\u2026');
  expect(width(cut)).toBeLessThanOrEqual(width('Word W'));
  expect(() => width('\u4e2d')).toThrow(RangeError);
});
