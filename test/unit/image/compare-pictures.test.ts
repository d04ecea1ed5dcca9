import { describe, expect, it } from 'vitest';
import { comparePictures } from '../../../src/image/compare-pictures.ts';
import { locateChange, partBorders } from '../../../src/image/locate-change.ts';
import { SIGNED_IN_LIMITS } from '../../../src/image/scan-file.ts';
import { pngFixture } from '../png/png-fixture.ts';

const WIDTH = 100;
const HEIGHT = 90;
const LIMITS = { original: SIGNED_IN_LIMITS, other: SIGNED_IN_LIMITS };

/** Grey on white: each point is one black pixel. */
function picture(points: readonly (readonly [number, number])[], width = WIDTH, height = HEIGHT) {
  const raw = new Uint8Array((width + 1) * height).fill(255);
  for (let y = 0; y < height; y++) raw[y * (width + 1)] = 0;
  for (const [x, y] of points) raw[y * (width + 1) + 1 + x] = 0;
  return pngFixture({ width, height, colourType: 0, raw });
}

describe('comparePictures', () => {
  const original = picture([[50, 50]]);

  it('finds nothing where nothing was changed', async () => {
    expect(await comparePictures(original, picture([[50, 50]]), LIMITS)).toEqual({
      kind: 'compared',
      pixels: 0,
      regions: [],
    });
  });

  it('puts what lies together into one rectangle, and what lies apart into several', async () => {
    const painted = picture([
      [50, 50],
      [3, 4],
      [20, 9],
      [99, 89],
      [98, 88],
      [99, 88],
    ]);
    expect(await comparePictures(original, painted, LIMITS)).toEqual({
      kind: 'compared',
      pixels: 5,
      regions: [
        { x: 98, y: 88, width: 2, height: 2, pixels: 3 },
        { x: 3, y: 4, width: 18, height: 6, pixels: 2 },
      ],
    });
  });

  it('does not join what touches only around the edge of the picture', async () => {
    const painted = picture([
      [50, 50],
      [0, 20],
      [99, 20],
    ]);
    const changes = await comparePictures(original, painted, LIMITS);
    expect(changes).toMatchObject({ pixels: 2, regions: [{ x: 0 }, { x: 99 }] });
  });

  it('cuts regions at the borders of the parts', async () => {
    const column = Array.from({ length: 60 }, (_, i) => [10, i + 10] as const);
    const changes = await comparePictures(
      original,
      picture([[50, 50], ...column]),
      LIMITS,
      [20, 47],
    );
    expect(changes).toEqual({
      kind: 'compared',
      pixels: 60,
      regions: [
        { x: 10, y: 20, width: 1, height: 27, pixels: 27 },
        { x: 10, y: 47, width: 1, height: 23, pixels: 23 },
        { x: 10, y: 10, width: 1, height: 10, pixels: 10 },
      ],
    });
  });

  it('says when the sizes differ, and when a picture cannot be read', async () => {
    expect(await comparePictures(original, picture([], WIDTH, HEIGHT + 1), LIMITS)).toEqual({
      kind: 'other_size',
    });
    expect(await comparePictures(original, picture([], WIDTH + 1), LIMITS)).toEqual({
      kind: 'other_size',
    });
    expect(await comparePictures(original, picture([], WIDTH, HEIGHT - 1), LIMITS)).toEqual({
      kind: 'other_size',
    });
    expect(await comparePictures(original, new Uint8Array(9), LIMITS)).toEqual({
      kind: 'unreadable',
    });
  });
});

describe('locateChange', () => {
  const plots = [
    { name: 'price', x: 10, y: 40, width: 80, height: 100 },
    { name: 'volume', x: 10, y: 160, width: 80, height: 50 },
  ];
  const day = 86_400_000;
  const bars = Array.from({ length: 8 }, (_, i) => ({
    time: i * day,
    open: 1,
    high: 1,
    low: 1,
    close: 1,
    volume: 1,
  }));
  const at = (x: number, y: number, width = 1, height = 1) => ({ x, y, width, height, pixels: 1 });
  const iso = (index: number) => new Date(index * day).toISOString();

  it.each([
    ['the title', at(20, 5), 'header', null, null],
    ['the title of the first panel', at(20, 30), 'price', null, null],
    ['title and plot of the first panel', at(20, 30, 1, 20), 'price', iso(1), iso(1)],
    ['the first bar', at(10, 60), 'price', iso(0), iso(0)],
    ['the last bar', at(89, 60), 'price', iso(7), iso(7)],
    ['several bars', at(25, 60, 30), 'price', iso(1), iso(4)],
    ['more than the plot', at(0, 60, 100), 'price', iso(0), iso(7)],
    ['the values left of it', at(2, 60, 8), 'price', null, null],
    ['the tags right of it', at(90, 60, 5), 'price', null, null],
    ['the title of the second panel', at(20, 150), 'volume', null, null],
    ['the second panel', at(20, 170), 'volume', iso(1), iso(1)],
    ['the dates', at(20, 215), 'time_axis', null, null],
  ] as const)('%s', (_name, region, panel, first, last) => {
    expect(locateChange(region, plots, bars)).toEqual({
      ...region,
      panel,
      first_bar: first,
      last_bar: last,
    });
  });

  it('knows where parts begin: titles, and the dates behind the last panel', () => {
    expect(partBorders(plots)).toEqual([20, 140, 210]);
    expect(partBorders(plots.slice(0, 1))).toEqual([40, 140]);
    expect(partBorders(null)).toEqual([]);
  });

  it('says what it can', () => {
    expect(locateChange(at(20, 60), plots, null)).toMatchObject({
      panel: 'price',
      first_bar: null,
    });
    expect(locateChange(at(20, 60), null, bars)).toMatchObject({ panel: null, first_bar: null });
    expect(locateChange(at(20, 60), [], bars)).toMatchObject({ panel: null, last_bar: null });
  });
});
