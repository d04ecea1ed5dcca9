import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { encode } from 'fast-png';
import { describe, expect, test } from 'vitest';
import { pngChunk } from '../../../src/png/chunk.ts';
import { encodePng } from '../../../src/png/encode-png.ts';
import { hashPalettePixels, reduceToPalette } from '../../../src/png/palette.ts';
import type { PngScan } from '../../../src/png/scan-png.ts';
import { pixelsOfSamples, readPixels, referencePixelHash } from '../../support/reference-pixels.ts';
import { writePng, type PngSamples } from '../../support/write-png.ts';
import { encodings, join, KINDS, pictures, scan, splitChunks } from './any-picture.ts';
import { pngFixture } from './png-fixture.ts';

/** The rows that `onRow` saw, as bytes, beside the outcome. */
async function decode(
  bytes: Uint8Array<ArrayBuffer>,
): Promise<{ found: PngScan; rgba: Uint8Array }> {
  const rows: number[][] = [];
  const found = await scan(bytes, {
    onRow: (y, words) => {
      expect(y).toBe(rows.length);
      rows.push([...new Uint8Array(words.buffer, words.byteOffset, words.byteLength)]);
    },
  });
  return { found, rgba: Uint8Array.from(rows.flat()) };
}

async function hashOf(bytes: Uint8Array<ArrayBuffer>): Promise<string | null> {
  const found = await scan(bytes);
  if (found.kind !== 'intact') throw new Error(found.reason);
  return found.pixelSha256;
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
      const pixels = reduceToPalette(rgba, width);
      const png = encodePng(width, height, pixels, []);
      const decoded = await decode(png);
      const read = readPixels(png);
      expect([read.width, read.height]).toEqual([width, height]);
      expect(Buffer.compare(decoded.rgba, read.rgba)).toBe(0);
      const pixelSha256 = hashPalettePixels(width, height, pixels);
      expect(decoded.found).toEqual({ kind: 'intact', width, height, pixelSha256 });
      expect(pixelSha256).toBe(referencePixelHash(read));
      expect(Buffer.compare(decoded.rgba, rgba) === 0).toBe(colours <= 256);
      expect(pixels.colours.length).toBe(Math.min(colours, 256));
    }
  });

  test('have their palette in order of first appearance', () => {
    const rgba = Uint8Array.from(
      [9, 5, 5, 9, 9, 9, 7, 5].flatMap((grey) => [grey, grey, grey, 255]),
    );
    const { colours, rows } = reduceToPalette(rgba, 4);
    expect([...colours].map((word) => word & 255)).toEqual([9, 5, 7]);
    expect([...rows]).toEqual([0, 0, 1, 1, 0, 0, 0, 0, 2, 1]);
  });

  test('one changed pixel changes the hash, and so does another shape of the same bytes', async () => {
    const samples = new Uint8Array(4 * 6);
    const image = { width: 3, height: 2, depth: 8, colourType: 6, samples };
    const hash = await hashOf(writePng(image));
    expect(await hashOf(writePng({ ...image, width: 2, height: 3 }))).not.toBe(hash);
    samples[9] = 1;
    expect(await hashOf(writePng(image))).not.toBe(hash);
  });
});

describe('PNGs of others', () => {
  test.each(KINDS)(
    'colour type %i of %i bits: any picture, any filters, interlaced or not',
    async (type, depth) => {
      await fc.assert(
        fc.asyncProperty(pictures(type, depth), encodings, async (image, encoding) => {
          const { width, height } = image;
          const expected = pixelsOfSamples(image);
          const { found, rgba } = await decode(writePng(image, encoding));
          const pixelSha256 = expected.exact ? referencePixelHash(expected) : null;
          expect(found).toEqual({ kind: 'intact', width, height, pixelSha256 });
          expect(Buffer.compare(rgba, expected.rgba)).toBe(0);
        }),
        { numRuns: 60 },
      );
    },
  );

  test('8 bits, grey to RGBA, filters as fast-png chooses them', async () => {
    const size = fc.integer({ min: 1, max: 12 });
    await fc.assert(
      fc.asyncProperty(
        size,
        size,
        fc.integer({ min: 1, max: 4 }),
        fc.infiniteStream(fc.integer({ min: 0, max: 255 })),
        async (width, height, channels, bytes) => {
          const data = Uint8Array.from({ length: width * height * channels }, () =>
            Number(bytes.next().value),
          );
          const { rgba } = await decode(new Uint8Array(encode({ width, height, channels, data })));
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

  test('any lossless encoding of the same pixels has the same hash', async () => {
    await fc.assert(
      fc.asyncProperty(pictures(3, 4), encodings, encodings, async (image, one, other) => {
        const { rgba } = pixelsOfSamples(image);
        const hash = await hashOf(writePng(image, one));
        const asRgba = { ...image, depth: 8, colourType: 6, samples: rgba };
        const wide = {
          ...asRgba,
          depth: 16,
          samples: Uint16Array.from(rgba, (byte) => byte * 257),
        };
        const reversed = {
          ...image,
          palette: lastFirst(image.palette!),
          samples: Array.from(image.samples, (index) => image.palette!.length / 3 - 1 - index),
        };
        expect(await hashOf(writePng(asRgba, other))).toBe(hash);
        expect(await hashOf(writePng(wide, other))).toBe(hash);
        if (image.transparency === undefined)
          expect(await hashOf(writePng(reversed, other))).toBe(hash);
      }),
    );
  });

  test('16 bits keep their high byte for those who look, and have a hash only where the low byte repeats it', async () => {
    const data = Uint16Array.of(0x1234, 0xabcd, 0xffff, 0x00ff, 0x0100, 0x8000);
    const wide = await decode(
      new Uint8Array(encode({ width: 2, height: 1, channels: 3, depth: 16, data })),
    );
    expect([...wide.rgba]).toEqual([0x12, 0xab, 0xff, 255, 0x00, 0x01, 0x80, 255]);
    expect(wide.found).toMatchObject({ kind: 'intact', pixelSha256: null });
    const narrow = {
      width: 2,
      height: 1,
      depth: 8,
      colourType: 2,
      samples: [0x12, 0xab, 0xff, 0, 1, 0x80],
    };
    const repeated = { ...narrow, depth: 16, samples: narrow.samples.map((byte) => byte * 257) };
    expect(await hashOf(writePng(repeated))).toBe(await hashOf(writePng(narrow)));
  });

  test('1, 2 and 4 bits of grey spread over the whole range', async () => {
    const greys = async (depth: number, byte: number, width: number): Promise<number[]> => {
      const raw = Uint8Array.of(0, byte);
      const { rgba } = await decode(pngFixture({ width, height: 1, depth, colourType: 0, raw }));
      return [...rgba].filter((_, i) => i % 4 === 0);
    };
    expect(await greys(1, 0b10100000, 3)).toEqual([255, 0, 255]);
    expect(await greys(2, 0b00011011, 4)).toEqual([0, 85, 170, 255]);
    expect(await greys(4, 0x3f, 2)).toEqual([51, 255]);
  });

  test('palette of 2 bits with transparency', async () => {
    const chunks = [
      pngChunk('PLTE', Uint8Array.of(1, 2, 3, 4, 5, 6)),
      pngChunk('tRNS', Uint8Array.of(9)),
    ];
    const raw = Uint8Array.of(0, 0b00010000);
    const { rgba } = await decode(
      pngFixture({ width: 2, height: 1, depth: 2, colourType: 3, raw, chunks }),
    );
    expect([...rgba]).toEqual([1, 2, 3, 9, 4, 5, 6, 255]);
  });

  test('one transparent colour, of which 8-bit pictures read the low bytes', async () => {
    for (const high of [0, 7]) {
      const chunks = [pngChunk('tRNS', Uint8Array.of(high, 1, high, 2, high, 3))];
      const raw = Uint8Array.of(0, 1, 2, 3, 1, 2, 4);
      const { rgba } = await decode(
        pngFixture({ width: 2, height: 1, colourType: 2, raw, chunks }),
      );
      expect([...rgba]).toEqual([1, 2, 3, 0, 1, 2, 4, 255]);
    }
  });

  test('257 colours have no hash, 256 have one, whatever the encoding', async () => {
    for (const interlaced of [false, true]) {
      for (const count of [256, 257]) {
        const samples = Uint8Array.from({ length: 3 * 514 }, (_, i) => [i % 257, 1, 2][i % 3]!);
        for (let i = 0; i < 514; i++) samples.set([(i % count) & 255, (i % count) >> 8, 2], i * 3);
        const image = { width: 257, height: 2, depth: 8, colourType: 2, samples };
        const { found, rgba } = await decode(writePng(image, { interlaced }));
        const expected = pixelsOfSamples(image);
        expect(found).toMatchObject({ kind: 'intact', pixelSha256: referencePixelHash(expected) });
        expect(found).toHaveProperty('pixelSha256', count === 257 ? null : expect.any(String));
        expect(Buffer.compare(rgba, expected.rgba)).toBe(0);
      }
    }
  });

  test('interlaced pictures whose colour too many comes in a late pass are shown whole', async () => {
    const samples = new Uint8Array(40 * 33 * 3);
    for (let i = 0; i < 40 * 33; i++)
      samples.set((i % 40) & 1 ? [i & 255, i >> 8, 1] : [3, 3, 3], i * 3);
    const image = { width: 40, height: 33, depth: 8, colourType: 2, samples };
    const { found, rgba } = await decode(writePng(image, { interlaced: true, filter: 4 }));
    expect(found).toMatchObject({ kind: 'intact', pixelSha256: null });
    expect(Buffer.compare(rgba, pixelsOfSamples(image).rgba)).toBe(0);
  });

  test('chunks that make no pixels change nothing, wherever they stand', async () => {
    const image = { width: 2, height: 1, depth: 8, colourType: 3, samples: [0, 1] };
    const palette = Uint8Array.of(1, 2, 3, 4, 5, 6);
    const plain = writePng({ ...image, palette });
    const pair = splitChunks(plain);
    const other = pngChunk('PLTE', palette.toReversed());
    const unknown = pngChunk('abCd', Uint8Array.of(1));
    const shapes = [
      [
        pair.IHDR,
        unknown,
        pair.PLTE,
        pngChunk('gAMA', Uint8Array.of(0, 0, 0, 1)),
        pair.IDAT,
        pair.IEND,
      ],
      [pair.IHDR, pair.PLTE, other, pair.IDAT, pair.IEND],
      [pair.IHDR, pair.PLTE, pair.IDAT, other, pair.IEND],
      [pair.IHDR, pair.PLTE, pair.IDAT, pngChunk('tRNS', Uint8Array.of(0)), pair.IEND],
      [pair.IHDR, pair.PLTE, pair.IDAT, pngChunk('IDAT', new Uint8Array(0)), unknown, pair.IEND],
      [pair.IHDR, pair.PLTE, pngChunk('CRIT', Uint8Array.of(1)), pair.IDAT, pair.IEND],
    ];
    for (const shape of shapes) expect(await hashOf(join(shape))).toBe(await hashOf(plain));
    const clear = [pair.IHDR, pair.PLTE, pngChunk('tRNS', Uint8Array.of(0)), pair.IDAT, pair.IEND];
    expect(await hashOf(join(clear))).not.toBe(await hashOf(plain));
  });
});

function lastFirst(palette: Uint8Array): Uint8Array {
  const triples = Array.from({ length: palette.length / 3 }, (_, i) => [
    ...palette.subarray(i * 3, i * 3 + 3),
  ]);
  return Uint8Array.from(triples.toReversed().flat());
}

describe('pictures of more runs than are kept', () => {
  const [width, height] = [1000, 700];
  const noisy = (late: number): PngSamples => {
    let state = 7;
    const samples = Uint8Array.from(
      { length: width * height },
      () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) >>> 26,
    );
    samples[samples.length - 1] = late;
    return { width, height, depth: 8, colourType: 0, samples };
  };

  test.each([
    ['whose colours all came early', 1],
    ['with a colour that comes last', 200],
  ])('%s', async (_name, late) => {
    const image = noisy(late);
    const expected = referencePixelHash(pixelsOfSamples(image));
    const rgba = pixelsOfSamples(image).rgba;
    expect(await hashOf(writePng(image, { level: 1 }))).toBe(expected);
    expect(
      await hashOf(writePng({ ...image, colourType: 6, samples: rgba }, { level: 1, filter: 4 })),
    ).toBe(expected);
    expect(await hashOf(writePng(image, { level: 1, interlaced: true }))).toBe(expected);
  });

  test('and runs as long as the picture', async () => {
    const image = {
      width: 4000,
      height: 4000,
      depth: 8,
      colourType: 0,
      samples: new Uint8Array(16_000_000),
    };
    image.samples[15_999_999] = 1;
    // Black and nearly black, in this order: the samples are the indices of the hash.
    const expected = createHash('sha256')
      .update(Buffer.of(0, 0, 0x0f, 0xa0, 0, 0, 0x0f, 0xa0, 0, 2))
      .update(Buffer.of(0, 0, 0, 255, 1, 1, 1, 255))
      .update(image.samples)
      .digest('hex');
    expect(await hashOf(writePng(image, { level: 1 }))).toBe(expected);
  });
});
