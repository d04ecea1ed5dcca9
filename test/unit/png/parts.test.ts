import { describe, expect, test } from 'vitest';
import { PNG_SIGNATURE, pngChunk } from '../../../src/png/chunk.ts';
import { readPngParts } from '../../../src/png/parts.ts';

const LIMITS = { maxPixels: 1_000_000, maxInterlacedPixels: 10_000 };

interface Header {
  readonly width?: number;
  readonly height?: number;
  /** Depth, colour type, compression, filter, interlacing. */
  readonly form?: readonly number[];
}
function header({ width = 2, height = 2, form = [8, 6, 0, 0, 0] }: Header = {}): Uint8Array {
  const data = Buffer.alloc(13);
  data.writeUInt32BE(width, 0);
  data.writeUInt32BE(height, 4);
  data.set(form, 8);
  return pngChunk('IHDR', data);
}
const plte = (entries: number, extra = 0) => pngChunk('PLTE', Buffer.alloc(entries * 3 + extra));
const trns = (length: number) => pngChunk('tRNS', Buffer.alloc(length));
const IDAT = pngChunk('IDAT', Buffer.from('data'));
const IEND = pngChunk('IEND', new Uint8Array(0));
const read = (...chunks: readonly Uint8Array[]) =>
  readPngParts(new Uint8Array(Buffer.concat([PNG_SIGNATURE, ...chunks])), LIMITS);
const INDEXED = header({ form: [8, 3, 0, 0, 0] });
const GREY = header({ form: [8, 0, 0, 0, 0] });

describe('what makes the pixels', () => {
  test('is the header, the first palette and transparency before the data, and all data', () => {
    const text = pngChunk('tEXt', Buffer.from('any'));
    expect(read(INDEXED, text, plte(2), plte(3), trns(1), IDAT, trns(2), IDAT, IEND)).toEqual({
      header: { width: 2, height: 2, depth: 8, colourType: 3, interlaced: false },
      palette: new Uint8Array(6),
      transparency: new Uint8Array(1),
      data: [Uint8Array.from(Buffer.from('data')), Uint8Array.from(Buffer.from('data'))],
    });
  });

  test.each([
    ['it is not a PNG', () => readPngParts(Uint8Array.of(1), LIMITS)],
    ['IHDR is not its first chunk', () => read(IDAT, header(), IEND)],
    ['IHDR is not its first chunk', () => read(header(), header(), IDAT, IEND)],
    ['it does not end with IEND', () => read(header(), IDAT)],
    ['it does not end with IEND', () => read(header(), IDAT, pngChunk('IEND', Buffer.of(0)))],
    ['something follows IEND', () => read(header(), IDAT, IEND, Buffer.of(0))],
    ['it has no image data', () => read(header(), IEND)],
    ['it has no palette', () => read(INDEXED, IDAT, plte(1), IEND)],
    ['its palette is not valid', () => read(INDEXED, plte(1, 1), IDAT, IEND)],
    ['its palette is not valid', () => read(INDEXED, plte(257), IDAT, IEND)],
    ['its tRNS chunk is not valid', () => read(INDEXED, plte(1), trns(2), IDAT, IEND)],
    ['its tRNS chunk is not valid', () => read(INDEXED, plte(1), trns(0), IDAT, IEND)],
    ['its tRNS chunk is not valid', () => read(GREY, trns(1), IDAT, IEND)],
  ])('%s %#', (reason, answer) => {
    expect(answer()).toEqual({ kind: 'damaged', reason });
  });

  test.each([
    { width: 0 },
    { height: 2 ** 31 },
    { form: [4, 2, 0, 0, 0] },
    { form: [16, 3, 0, 0, 0] },
    { form: [8, 5, 0, 0, 0] },
    { form: [8, 6, 1, 0, 0] },
    { form: [8, 6, 0, 1, 0] },
    { form: [8, 6, 0, 0, 2] },
  ])('a header of %j is not valid', (changes) => {
    expect(read(header(changes), IDAT, IEND)).toEqual({
      kind: 'damaged',
      reason: 'IHDR is not valid',
    });
  });

  test.each([
    [{ width: 1000, height: 1001 }, 'it has more than 1000000 pixels'],
    [
      { width: 100, height: 101, form: [8, 6, 0, 0, 1] },
      'it is interlaced and has more than 10000 pixels',
    ],
    [{ width: 100_001, height: 1 }, 'a side has more than 100000 pixels'],
  ])('a header of %j is too large, whatever follows', (changes, reason) => {
    expect(read(header(changes), Buffer.of(1, 2, 3))).toEqual({ kind: 'too_large', reason });
  });

  test('up to the limits it is read', () => {
    for (const changes of [
      { width: 1000, height: 1000 },
      { width: 100, height: 100, form: [8, 6, 0, 0, 1] },
      { width: 100_000, height: 1 },
    ])
      expect(read(header(changes), IDAT, IEND)).toHaveProperty('data');
  });
});
