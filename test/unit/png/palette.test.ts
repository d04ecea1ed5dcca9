import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { hashPalettePixels, reduceToPalette } from '../../../src/png/palette.ts';

/** RGBA pixels of opaque colours 0xRRGGBB. */
function pixels(colours: readonly number[]): Uint8Array {
  return Uint8Array.from(
    colours.flatMap((colour) => [colour >> 16, (colour >> 8) & 255, colour & 255, 255]),
  );
}
const reduce = (colours: readonly number[], width = colours.length) => {
  const { colours: words, rows } = reduceToPalette(pixels(colours), width);
  const rgb = [...words].map(
    (word) => ((word & 255) << 16) | (word & 0xff00) | ((word >>> 16) & 255),
  );
  return { rgb, rows: [...rows] };
};

describe('a palette', () => {
  test('has the colours in order of appearance, rows begin with a filter byte', () => {
    expect(reduce([0xff0000, 0x00ff00, 0x00ff00, 0xff0000, 0x0000ff, 0x00ff00], 3)).toEqual({
      rgb: [0xff0000, 0x00ff00, 0x0000ff],
      rows: [0, 0, 1, 1, 0, 0, 2, 1],
    });
  });

  test('of more than 256 colours the most frequent stay, others become the nearest', () => {
    // 256 greens and blues twice each; a red once, nearest to the first of them.
    const kept = Array.from({ length: 256 }, (_, i) => (i < 128 ? i << 9 : (i - 127) * 2));
    const { rgb, rows } = reduce([0x050000, ...kept, ...kept]);
    expect(rgb.length).toBe(256);
    expect(rgb).not.toContain(0x050000);
    expect(rgb[0]).toBe(0x000000);
    expect(rows.slice(0, 3)).toEqual([0, 0, 0]);
  });

  test('of equally frequent colours those seen first stay', () => {
    const { rgb } = reduce(Array.from({ length: 300 }, (_, i) => i * 50));
    expect(rgb).toEqual(Array.from({ length: 256 }, (_, i) => i * 50));
  });

  test('long runs and rows of one colour', () => {
    const of = (value: number, length: number) => Array.from({ length }, () => value);
    const { rows } = reduce([...of(7, 20), ...of(9, 20)], 20);
    expect(rows).toEqual([0, ...of(0, 20), 0, ...of(1, 20)]);
  });
});

test('its pixel hash is the documented one', () => {
  const head = Buffer.alloc(10);
  head.writeUInt32BE(3, 0);
  head.writeUInt32BE(2, 4);
  head.writeUInt16BE(2, 8);
  const expected = createHash('sha256')
    .update(head)
    .update(Buffer.of(255, 0, 0, 255, 0, 255, 0, 255))
    .update(Buffer.of(0, 1, 1, 0, 0, 1))
    .digest('hex');
  const picture = pixels([0xff0000, 0x00ff00, 0x00ff00, 0xff0000, 0xff0000, 0x00ff00]);
  expect(hashPalettePixels(3, 2, reduceToPalette(picture, 3))).toBe(expected);
});
