import { describe, expect, it } from 'vitest';
import { SIGNED_IN_LIMITS } from '../../../../src/image/scan-file.ts';
import { comparePictures } from '../../../../src/image/verify/compare-pictures.ts';
import { pngFixture } from '../../png/png-fixture.ts';

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
