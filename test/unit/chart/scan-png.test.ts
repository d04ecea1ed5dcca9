import { deflateRawSync, deflateSync } from 'node:zlib';
import { encode } from 'fast-png';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodePng } from '../../../src/chart/encode-png.ts';
import { reduceToPalette } from '../../../src/chart/palette.ts';
import { hashPalettePixels } from '../../../src/chart/pixel-hash.ts';
import { PNG_SIGNATURE, pngChunk } from '../../../src/chart/png-chunk.ts';
import { scanPng, type PngScan, type PngScanOptions } from '../../../src/chart/scan-png.ts';
import { pixelsOfSamples, readPixels, referencePixelHash } from '../../support/reference-pixels.ts';
import {
  CHANNELS,
  filteredRows,
  wrapPng,
  writePng,
  type PngEncoding,
  type PngSamples,
} from '../../support/write-png.ts';
import { jpegFixture, pngFixture } from './png-fixture.ts';

const LIMITS = { maxPixels: 16_000_000, maxInterlacedPixels: 5_000_000 };

const scan = (bytes: Uint8Array<ArrayBuffer>, options: Partial<PngScanOptions> = {}): Promise<PngScan> =>
  scanPng(bytes, { ...LIMITS, ...options });

/** The rows that `onRow` saw, as bytes, beside the outcome. */
async function decode(bytes: Uint8Array<ArrayBuffer>): Promise<{ found: PngScan; rgba: Uint8Array }> {
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

/** Colour types and depths of the PNG specification, table 11.1. */
const KINDS = [
  [0, 1],
  [0, 2],
  [0, 4],
  [0, 8],
  [0, 16],
  [2, 8],
  [2, 16],
  [3, 1],
  [3, 2],
  [3, 4],
  [3, 8],
  [4, 8],
  [4, 16],
  [6, 8],
  [6, 16],
] as const;

/** Any small picture of a kind; few values, so that many have a hash, and 16 bits that mostly are 8. */
function pictures(colourType: number, depth: number): fc.Arbitrary<PngSamples> {
  const size = fc.integer({ min: 1, max: 19 });
  const most = 2 ** depth - 1;
  return fc
    .record({
      width: size,
      height: size,
      entries: fc.integer({ min: 1, max: Math.min(256, most + 1) }),
      choices: fc.array(fc.integer({ min: 0, max: most }), { minLength: 1, maxLength: 6 }),
      coarse: fc.boolean(),
      seed: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
      transparent: fc.boolean(),
    })
    .map(({ width, height, entries, choices, coarse, seed, transparent }) => {
      let state = seed;
      const random = (): number => (state = (Math.imul(state, 1103515245) + 12345) >>> 0) >>> 16;
      const pick = (): number => {
        if (colourType === 3) return random() % entries;
        const value = coarse ? choices[random() % choices.length]! : random() & most;
        return depth === 16 && coarse ? (value >> 8) * 257 : value;
      };
      const channels = CHANNELS[colourType]!;
      const samples = Uint16Array.from({ length: width * height * channels }, pick);
      const image = { width, height, depth, colourType, samples };
      const palette = Uint8Array.from({ length: entries * 3 }, () => random() & 255);
      const first = [...samples.subarray(0, channels)];
      const named = Uint8Array.from(first.flatMap((sample) => [sample >> 8, sample & 255]));
      const alphas = Uint8Array.from({ length: Math.ceil(entries / 2) }, () => random() & 255);
      return {
        ...image,
        ...(colourType === 3 ? { palette } : {}),
        ...(transparent && colourType < 4 ? { transparency: colourType === 3 ? alphas : named } : {}),
      };
    });
}

const encodings: fc.Arbitrary<PngEncoding> = fc
  .record({
    interlaced: fc.boolean(),
    filters: fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 5 }),
    level: fc.integer({ min: 0, max: 9 }),
    idatBytes: fc.integer({ min: 1, max: 200 }),
  })
  .map(({ filters, ...rest }) => ({ ...rest, filter: (row: number) => filters[row % filters.length]! }));

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
    const rgba = Uint8Array.from([9, 5, 5, 9, 9, 9, 7, 5].flatMap((grey) => [grey, grey, grey, 255]));
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
        const wide = { ...asRgba, depth: 16, samples: Uint16Array.from(rgba, (byte) => byte * 257) };
        const reversed = {
          ...image,
          palette: lastFirst(image.palette!),
          samples: Array.from(image.samples, (index) => image.palette!.length / 3 - 1 - index),
        };
        expect(await hashOf(writePng(asRgba, other))).toBe(hash);
        expect(await hashOf(writePng(wide, other))).toBe(hash);
        if (image.transparency === undefined) expect(await hashOf(writePng(reversed, other))).toBe(hash);
      }),
    );
  });

  test('16 bits keep their high byte for those who look, and have a hash only where the low byte repeats it', async () => {
    const data = Uint16Array.of(0x1234, 0xabcd, 0xffff, 0x00ff, 0x0100, 0x8000);
    const wide = await decode(new Uint8Array(encode({ width: 2, height: 1, channels: 3, depth: 16, data })));
    expect([...wide.rgba]).toEqual([0x12, 0xab, 0xff, 255, 0x00, 0x01, 0x80, 255]);
    expect(wide.found).toMatchObject({ kind: 'intact', pixelSha256: null });
    const narrow = { width: 2, height: 1, depth: 8, colourType: 2, samples: [0x12, 0xab, 0xff, 0, 1, 0x80] };
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
    const chunks = [pngChunk('PLTE', Uint8Array.of(1, 2, 3, 4, 5, 6)), pngChunk('tRNS', Uint8Array.of(9))];
    const raw = Uint8Array.of(0, 0b00010000);
    const { rgba } = await decode(pngFixture({ width: 2, height: 1, depth: 2, colourType: 3, raw, chunks }));
    expect([...rgba]).toEqual([1, 2, 3, 9, 4, 5, 6, 255]);
  });

  test('one transparent colour, of which 8-bit pictures read the low bytes', async () => {
    for (const high of [0, 7]) {
      const chunks = [pngChunk('tRNS', Uint8Array.of(high, 1, high, 2, high, 3))];
      const raw = Uint8Array.of(0, 1, 2, 3, 1, 2, 4);
      const { rgba } = await decode(pngFixture({ width: 2, height: 1, colourType: 2, raw, chunks }));
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
    for (let i = 0; i < 40 * 33; i++) samples.set((i % 40) & 1 ? [i & 255, i >> 8, 1] : [3, 3, 3], i * 3);
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
      [pair.IHDR, unknown, pair.PLTE, pngChunk('gAMA', Uint8Array.of(0, 0, 0, 1)), pair.IDAT, pair.IEND],
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

function splitChunks(png: Uint8Array): Record<'IHDR' | 'PLTE' | 'IDAT' | 'IEND', Uint8Array> {
  const chunks: Record<string, Uint8Array> = {};
  const view = Buffer.from(png);
  for (let start = 8; start < png.length;) {
    const end = start + 12 + view.readUInt32BE(start);
    chunks[view.toString('latin1', start + 4, start + 8)] = png.subarray(start, end);
    start = end;
  }
  return chunks as ReturnType<typeof splitChunks>;
}

function join(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.concat([PNG_SIGNATURE, ...chunks]));
}

describe('what is damaged', () => {
  const image: PngSamples = {
    width: 3,
    height: 2,
    depth: 8,
    colourType: 3,
    palette: Uint8Array.of(1, 2, 3, 4, 5, 6),
    samples: [0, 1, 0, 1, 1, 0],
  };
  const rows = filteredRows(image);
  const stream = deflateSync(rows);
  const wrongAdler = stream.map((byte, i) => (i === stream.length - 1 ? byte ^ 1 : byte));
  const of = (data: Uint8Array): Uint8Array<ArrayBuffer> => wrapPng(image, {}, data);
  const whole = writePng(image);

  test.each<[string, Uint8Array<ArrayBuffer>, string]>([
    ['no deflate stream', of(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)), 'cannot be inflated'],
    ['deflate without zlib', of(deflateRawSync(rows)), 'cannot be inflated'],
    ['a wrong Adler-32', of(wrongAdler), 'cannot be inflated'],
    ['no Adler-32', of(stream.subarray(0, -4)), 'cannot be inflated'],
    ['half an Adler-32', of(stream.subarray(0, -2)), 'cannot be inflated'],
    ['a preset dictionary', of(deflateSync(rows, { dictionary: Buffer.from('abc') })), 'cannot be inflated'],
    ['bytes behind the stream', of(Buffer.concat([stream, Uint8Array.of(0)])), 'follows its compressed data'],
    ['a second stream', of(Buffer.concat([stream, stream])), 'follows its compressed data'],
    ['many bytes behind', of(Buffer.concat([stream, Buffer.alloc(50_000)])), 'follows its compressed data'],
    ['a row too few', of(deflateSync(rows.subarray(0, 4))), 'shorter than its size'],
    ['a byte too few', of(deflateSync(rows.subarray(0, -1))), 'shorter than its size'],
    ['nothing', of(deflateSync(Buffer.alloc(0))), 'shorter than its size'],
    ['a byte too many', of(deflateSync(Buffer.concat([rows, Uint8Array.of(0)]))), 'more data'],
    [
      'filter 5',
      of(deflateSync(rows.map((byte, i) => (i === 0 ? 5 : byte)))),
      'a filter that does not exist',
    ],
    [
      'filter 9 in the last row',
      of(deflateSync(rows.map((byte, i) => (i === 4 ? 9 : byte)))),
      'a filter that',
    ],
    [
      'a colour without palette',
      of(deflateSync(rows.map((b, i) => (i === 7 ? 2 : b)))),
      'its palette does not have',
    ],
    ['no PNG', jpegFixture(), 'not a PNG'],
    ['no byte', new Uint8Array(0), 'not a PNG'],
    ['a signature', whole.slice(0, 8), 'IEND'],
    [
      'a byte behind IEND',
      new Uint8Array(Buffer.concat([whole, Uint8Array.of(0)])),
      'something follows IEND',
    ],
    [
      '65535x65535 in ten bytes',
      pngFixture({ width: 65_535, height: 65_535, raw: new Uint8Array(9) }),
      'pixels',
    ],
  ])('%s', async (_name, bytes, reason) => {
    const found = await scan(bytes);
    expect(found).toMatchObject({ reason: expect.stringContaining(reason) });
    expect(found.kind).toBe(reason === 'pixels' ? 'too_large' : 'damaged');
  });

  test.each<[string, number[], string]>([
    ['width 0', [0, 0, 0, 0, 0, 0, 0, 2, 8, 3, 0, 0, 0], 'IHDR is not valid'],
    ['height 0', [0, 0, 0, 3, 0, 0, 0, 0, 8, 3, 0, 0, 0], 'IHDR is not valid'],
    ['a width beyond 2^31', [255, 0, 0, 0, 0, 0, 0, 2, 8, 3, 0, 0, 0], 'IHDR is not valid'],
    ['colour type 1', [0, 0, 0, 3, 0, 0, 0, 2, 8, 1, 0, 0, 0], 'IHDR is not valid'],
    ['colour type 9', [0, 0, 0, 3, 0, 0, 0, 2, 8, 9, 0, 0, 0], 'IHDR is not valid'],
    ['depth 0', [0, 0, 0, 3, 0, 0, 0, 2, 0, 3, 0, 0, 0], 'IHDR is not valid'],
    ['depth 3', [0, 0, 0, 3, 0, 0, 0, 2, 3, 3, 0, 0, 0], 'IHDR is not valid'],
    ['a palette of 16 bits', [0, 0, 0, 3, 0, 0, 0, 2, 16, 3, 0, 0, 0], 'IHDR is not valid'],
    ['compression 1', [0, 0, 0, 3, 0, 0, 0, 2, 8, 3, 1, 0, 0], 'IHDR is not valid'],
    ['filter method 1', [0, 0, 0, 3, 0, 0, 0, 2, 8, 3, 0, 1, 0], 'IHDR is not valid'],
    ['interlace 2', [0, 0, 0, 3, 0, 0, 0, 2, 8, 3, 0, 0, 2], 'IHDR is not valid'],
    ['twelve bytes', [0, 0, 0, 3, 0, 0, 0, 2, 8, 3, 0, 0], 'IHDR is not valid'],
    ['another colour type', [0, 0, 0, 3, 0, 0, 0, 2, 8, 2, 0, 0, 0], ''],
  ])('IHDR with %s', async (_name, header, reason) => {
    const { PLTE, IDAT, IEND } = splitChunks(whole);
    const found = await scan(join([pngChunk('IHDR', Uint8Array.from(header)), PLTE, IDAT, IEND]));
    expect(found).toMatchObject({ kind: 'damaged', reason: expect.stringContaining(reason) });
  });

  test('chunks that make pixels and are wrong, missing or out of place', async () => {
    const { IHDR, PLTE, IDAT, IEND } = splitChunks(whole);
    const plte = (length: number) => pngChunk('PLTE', new Uint8Array(length));
    const trns = (length: number) => pngChunk('tRNS', new Uint8Array(length));
    const shapes: Record<string, Uint8Array[]> = {
      'IHDR is not its first chunk': [PLTE, IHDR, IDAT, IEND],
      'it has no palette': [IHDR, IDAT, PLTE, IEND],
      'it has no image data': [IHDR, PLTE, IEND],
      'it does not end with IEND': [IHDR, PLTE, IDAT],
      'a chunk has no type': [IHDR, PLTE, pngChunk('ab1d', new Uint8Array(0)), IDAT, IEND],
    };
    for (const [reason, shape] of Object.entries(shapes)) {
      expect(await scan(join(shape)), reason).toEqual({ kind: 'damaged', reason });
    }
    for (const shape of [
      [IHDR, IHDR, PLTE, IDAT, IEND],
      [IHDR, plte(5), IDAT, IEND],
      [IHDR, plte(771), IDAT, IEND],
      [IHDR, PLTE, trns(0), IDAT, IEND],
      [IHDR, PLTE, trns(3), IDAT, IEND],
      [IHDR, PLTE, IDAT, pngChunk('IEND', Uint8Array.of(1))],
    ]) {
      expect(await scan(join(shape))).toMatchObject({ kind: 'damaged' });
    }
  });

  test('a file that is cut off, at every byte', async () => {
    for (let length = 0; length < whole.length; length++) {
      expect(await scan(whole.slice(0, length)), `${length} bytes`).toMatchObject({ kind: 'damaged' });
    }
  });

  test('any other byte, anywhere: damage, or another hash, never an exception', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...KINDS).chain(([type, depth]) => pictures(type, depth)),
        encodings,
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        async (image, encoding, place, flip) => {
          const png = writePng(image, encoding);
          const before = await scan(png);
          png[place % png.length]! ^= flip;
          const after = await scan(png);
          if (after.kind === 'intact') expect(after).not.toEqual(before);
        },
      ),
      { numRuns: 1500 },
    );
  });

  test('any other byte of the inflated data behind right checksums: damage, or the pixels that then stand there', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...KINDS).chain(([type, depth]) => pictures(type, depth)),
        encodings,
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        async (image, encoding, changes) => {
          const data = filteredRows(image, encoding);
          for (const [place, byte] of changes) data[place % data.length] = byte;
          const found = await scan(wrapPng(image, encoding, deflateSync(data)));
          expect(found.kind === 'intact' || /filter|palette/.test(found.reason)).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('any compressed bytes at all: never an exception', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.boolean(), async (bytes, zlib) => {
        const data = zlib ? Buffer.concat([stream.subarray(0, 2), bytes]) : bytes;
        expect((await scan(of(data))).kind).toBe('damaged');
      }),
      { numRuns: 500 },
    );
  });
});

describe('what is too large or meant to hurt', () => {
  test('is refused by the header alone', async () => {
    const header = (width: number, height: number, interlace = 0): Uint8Array<ArrayBuffer> =>
      pngFixture({ width, height, interlace, raw: new Uint8Array(1) });
    expect(await scan(header(5000, 4000))).toMatchObject({ kind: 'too_large' });
    expect(await scan(header(4000, 4000))).toMatchObject({ kind: 'damaged' });
    expect(await scan(header(2500, 2001, 1))).toMatchObject({ kind: 'too_large' });
    expect(await scan(header(2500, 2000, 1))).toMatchObject({ kind: 'damaged' });
    expect(await scan(header(100_001, 1))).toMatchObject({ kind: 'too_large' });
    expect(await scan(header(2, 2), { maxPixels: 3 })).toMatchObject({ kind: 'too_large' });
    expect(await scan(header(65_535, 65_535).slice(0, 40))).toMatchObject({ kind: 'too_large' });
  });

  test('a bomb: a small image whose data inflates to 20 MB', async () => {
    const bomb = pngFixture({ width: 8, height: 8, raw: new Uint8Array(20_000_000) });
    expect(bomb.length).toBeLessThan(40_000);
    expect(await scan(bomb)).toMatchObject({ kind: 'damaged', reason: expect.stringContaining('more data') });
  });

  test('a picture without a hash is read no further when only the hash is wanted', async () => {
    const samples = Uint8Array.from({ length: 300 * 2000 * 3 }, (_, i) => (i * 31) >> 3);
    const image = { width: 300, height: 2000, depth: 8, colourType: 2, samples };
    const data = filteredRows(image);
    data[data.length - 901] = 9; // the filter of the last row
    const broken = wrapPng(image, {}, deflateSync(data));
    expect(await scan(broken)).toMatchObject({ kind: 'damaged' });
    let rows = 0;
    const found = await scan(broken, { stopWithoutHash: true, onRow: () => rows++ });
    expect(found).toEqual({ kind: 'intact', width: 300, height: 2000, pixelSha256: null });
    expect(rows).toBeLessThan(10);
  });

  test('others get a turn while a large picture is read', async () => {
    const png = pngFixture({ width: 4000, height: 4000, colourType: 0, raw: new Uint8Array(4001 * 4000) });
    let turns = 0;
    const other = setInterval(() => turns++, 0);
    expect(await scan(png)).toMatchObject({ kind: 'intact' });
    clearInterval(other);
    expect(turns).toBeGreaterThanOrEqual(3);
  });

  test('what `onRow` throws is not swallowed', async () => {
    const png = pngFixture({ width: 1, height: 1, colourType: 0, raw: new Uint8Array(2) });
    const onRow = (): never => {
      throw new Error('mine');
    };
    await expect(scan(png, { onRow })).rejects.toThrow('mine');
  });
});

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
    expect(await hashOf(writePng({ ...image, colourType: 6, samples: rgba }, { level: 1, filter: 4 }))).toBe(
      expected,
    );
    expect(await hashOf(writePng(image, { level: 1, interlaced: true }))).toBe(expected);
  });

  test('and runs as long as the picture', async () => {
    const image = { width: 4000, height: 4000, depth: 8, colourType: 0, samples: new Uint8Array(16_000_000) };
    image.samples[15_999_999] = 1;
    expect(await hashOf(writePng(image, { level: 1 }))).toBe(referencePixelHash(pixelsOfSamples(image)));
  });
});
