import { deflateRawSync, deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { pngChunk } from '../../../src/png/chunk.ts';
import { filteredRows, wrapPng, writePng, type PngSamples } from '../../support/write-png.ts';
import { encodings, join, KINDS, pictures, scan, splitChunks } from './any-picture.ts';
import { jpegFixture, pngFixture } from './png-fixture.ts';

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
    [
      'a preset dictionary',
      of(deflateSync(rows, { dictionary: Buffer.from('abc') })),
      'cannot be inflated',
    ],
    [
      'bytes behind the stream',
      of(Buffer.concat([stream, Uint8Array.of(0)])),
      'follows its compressed data',
    ],
    ['a second stream', of(Buffer.concat([stream, stream])), 'follows its compressed data'],
    [
      'many bytes behind',
      of(Buffer.concat([stream, Buffer.alloc(50_000)])),
      'follows its compressed data',
    ],
    [
      'tables without data',
      of(
        Buffer.concat([
          Buffer.of(0x78, 0x01),
          Buffer.alloc(300_000, Buffer.of(0, 0, 0, 255, 255)),
          stream.subarray(2),
        ]),
      ),
      'cannot be inflated',
    ],
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
      const found = await scan(join(shape));
      expect(found, `${reason}`).toEqual({ kind: 'damaged', reason });
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

  test('more chunks than any encoder writes', async () => {
    const { IHDR, PLTE, IDAT, IEND } = splitChunks(whole);
    const empty = pngChunk('IDAT', new Uint8Array(0));
    const many = (count: number): Uint8Array[] => Array.from({ length: count }, () => empty);
    expect(await scan(join([IHDR, PLTE, IDAT, ...many(49_996), IEND]))).toEqual(await scan(whole));
    expect(await scan(join([IHDR, PLTE, IDAT, ...many(50_000), IEND]))).toMatchObject({
      kind: 'damaged',
    });
  });

  test('a file that is cut off, at every byte', async () => {
    for (let length = 0; length < whole.length; length++) {
      expect(await scan(whole.slice(0, length)), `${length} bytes`).toMatchObject({
        kind: 'damaged',
      });
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
          expect(after.kind).not.toBe('intact');
          expect(before.kind).toBe('intact');
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
    expect(await scan(bomb)).toMatchObject({
      kind: 'damaged',
      reason: expect.stringContaining('more data'),
    });
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
    const png = pngFixture({
      width: 4000,
      height: 4000,
      colourType: 0,
      raw: new Uint8Array(4001 * 4000),
    });
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
