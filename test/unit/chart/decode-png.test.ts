import { decode, encode } from 'fast-png';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodePng } from '../../../src/chart/decode-png.ts';
import { encodePng } from '../../../src/chart/encode-png.ts';
import { reduceToPalette } from '../../../src/chart/palette.ts';
import { pixelHash } from '../../../src/chart/pixel-hash.ts';
import { pngChunk } from '../../../src/chart/png-chunk.ts';
import { AppError } from '../../../src/errors.ts';
import { jpegFixture, pngFixture } from './png-fixture.ts';

const LIMIT = { maxPixels: 16_000_000 };

function refusal(bytes: Uint8Array, limit = LIMIT): string {
  try {
    decodePng(bytes, limit);
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
  return 'accepted';
}

describe('our palette PNGs', () => {
  test('decode to exactly the pixels that were hashed, with 256 colours or fewer and with more', async () => {
    for (const colours of [2, 256, 3000]) {
      const [width, height] = [97, 61];
      const rgba = new Uint8Array(width * height * 4);
      for (let i = 0; i < width * height; i++) {
        const colour = (i * 7919) % colours;
        rgba.set([colour & 255, (colour * 3) & 255, (colour >> 4) & 255, 255], i * 4);
      }
      const original = rgba.slice();
      const png = encodePng(width, height, reduceToPalette(rgba, width), []);
      const decoded = decodePng(png, LIMIT);
      expect(Buffer.compare(decoded.rgba, rgba)).toBe(0);
      expect(await pixelHash(width, height, decoded.rgba)).toBe(await pixelHash(width, height, rgba));
      expect(Buffer.compare(original, rgba) === 0).toBe(colours <= 256);
      expect(decode(png).width).toBe(width);
    }
  });

  test('one changed pixel changes the hash, and so does another shape of the same bytes', async () => {
    const rgba = new Uint8Array(4 * 6);
    const hash = await pixelHash(3, 2, rgba);
    expect(await pixelHash(2, 3, rgba)).not.toBe(hash);
    rgba[9] = 1;
    expect(await pixelHash(3, 2, rgba)).not.toBe(hash);
  });
});

describe('PNGs of others', () => {
  test('8 bits, grey to RGBA, filters as fast-png chooses them', () => {
    const size = fc.integer({ min: 1, max: 12 });
    fc.assert(
      fc.property(
        size,
        size,
        fc.integer({ min: 1, max: 4 }),
        fc.infiniteStream(fc.integer({ min: 0, max: 255 })),
        (width, height, channels, bytes) => {
          const data = Uint8Array.from({ length: width * height * channels }, () =>
            Number(bytes.next().value),
          );
          const { rgba } = decodePng(encode({ width, height, channels, data }), LIMIT);
          for (let i = 0; i < width * height; i++) {
            const [a = 0, b = 0, c = 0, d = 0] = data.subarray(i * channels, (i + 1) * channels);
            const expected = [
              [a, a, a, 255],
              [a, a, a, b],
              [a, b, c, 255],
              [a, b, c, d],
            ][channels - 1];
            expect([...rgba.subarray(i * 4, i * 4 + 4)]).toEqual(expected);
          }
        },
      ),
    );
  });

  test('16 bits keep their high byte', () => {
    const data = Uint16Array.of(0x1234, 0xabcd, 0xffff, 0x00ff, 0x0100, 0x8000);
    const { rgba } = decodePng(encode({ width: 2, height: 1, channels: 3, depth: 16, data }), LIMIT);
    expect([...rgba]).toEqual([0x12, 0xab, 0xff, 255, 0x00, 0x01, 0x80, 255]);
  });

  test('1, 2 and 4 bits of grey spread over the whole range', () => {
    const decoded = (depth: number, byte: number, width: number) =>
      [
        ...decodePng(
          pngFixture({ width, height: 1, depth, colourType: 0, raw: Uint8Array.of(0, byte) }),
          LIMIT,
        ).rgba,
      ].filter((_, i) => i % 4 === 0);
    expect(decoded(1, 0b10100000, 3)).toEqual([255, 0, 255]);
    expect(decoded(2, 0b00011011, 4)).toEqual([0, 85, 170, 255]);
    expect(decoded(4, 0x3f, 2)).toEqual([51, 255]);
  });

  test('palette of 2 bits with transparency', () => {
    const chunks = [pngChunk('PLTE', Uint8Array.of(1, 2, 3, 4, 5, 6)), pngChunk('tRNS', Uint8Array.of(9))];
    const png = pngFixture({
      width: 2,
      height: 1,
      depth: 2,
      colourType: 3,
      raw: Uint8Array.of(0, 0b00010000),
      chunks,
    });
    expect([...decodePng(png, LIMIT).rgba]).toEqual([1, 2, 3, 9, 4, 5, 6, 255]);
  });

  test('one transparent colour', () => {
    const chunks = [pngChunk('tRNS', Uint8Array.of(0, 1, 0, 2, 0, 3))];
    const png = pngFixture({
      width: 2,
      height: 1,
      colourType: 2,
      raw: Uint8Array.of(0, 1, 2, 3, 1, 2, 4),
      chunks,
    });
    expect([...decodePng(png, LIMIT).rgba]).toEqual([1, 2, 3, 0, 1, 2, 4, 255]);
  });

  test('interlaced grey of 8 and of 1 bit', () => {
    const [width, height] = [5, 3];
    const passes = [
      [0, 0, 8, 8],
      [4, 0, 8, 8],
      [0, 4, 4, 8],
      [2, 0, 4, 4],
      [0, 2, 2, 4],
      [1, 0, 2, 2],
      [0, 1, 1, 2],
    ] as const;
    const value = (x: number, y: number): number => (x * 3 + y * 5) % 2;
    for (const depth of [8, 1]) {
      const raw: number[] = [];
      for (const [x0, y0, dx, dy] of passes) {
        for (let y = y0; y < height; y += dy) {
          const row: number[] = [];
          for (let x = x0; x < width; x += dx) row.push(value(x, y));
          if (row.length === 0) continue;
          raw.push(0);
          if (depth === 8) raw.push(...row.map((bit) => bit * 255));
          else raw.push(row.reduce((byte, bit, i) => byte | (bit << (7 - i)), 0));
        }
      }
      const png = pngFixture({
        width,
        height,
        depth,
        colourType: 0,
        interlace: 1,
        raw: Uint8Array.from(raw),
      });
      const { rgba } = decodePng(png, LIMIT);
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++)
          expect(rgba[(y * width + x) * 4], `${depth} bit at ${x},${y}`).toBe(value(x, y) * 255);
      }
    }
  });
});

describe('what is refused', () => {
  const bomb = pngFixture({ width: 8, height: 8, raw: new Uint8Array(20_000_000) });

  test('a bomb: a small image whose data inflates to 20 MB', () => {
    expect(bomb.length).toBeLessThan(40_000);
    expect(refusal(bomb)).toBe('invalid_input');
  });

  test('more pixels than allowed, before anything is inflated', () => {
    expect(refusal(pngFixture({ width: 5000, height: 4000, raw: new Uint8Array(1) }))).toBe(
      'payload_too_large',
    );
    expect(refusal(pngFixture({ width: 2, height: 2, raw: new Uint8Array(18) }), { maxPixels: 3 })).toBe(
      'payload_too_large',
    );
  });

  test('too little data, data that is no deflate stream, a filter that does not exist, a missing colour', () => {
    expect(refusal(pngFixture({ width: 2, height: 2, raw: new Uint8Array(17) }))).toBe('invalid_input');
    expect(refusal(pngFixture({ width: 1, height: 1, raw: Uint8Array.of(5, 0, 0, 0, 0) }))).toBe(
      'invalid_input',
    );
    const chunks = [pngChunk('PLTE', Uint8Array.of(1, 2, 3))];
    expect(
      refusal(pngFixture({ width: 1, height: 1, colourType: 3, raw: Uint8Array.of(0, 1), chunks })),
    ).toBe('invalid_input');
  });

  test('what is not an intact PNG', () => {
    expect(refusal(jpegFixture())).toBe('invalid_input');
    expect(refusal(bomb.subarray(0, 100))).toBe('invalid_input');
    expect(refusal(new Uint8Array(0))).toBe('invalid_input');
  });
});
