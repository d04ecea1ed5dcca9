import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { inspectImage } from '../../../src/image/inspect-image.ts';
import { pngChunk, walkPng } from '../../../src/png/chunk.ts';
import { jpegFixture, pngFixture } from '../png/png-fixture.ts';

const raw = new Uint8Array(3 * 9);
const png = pngFixture({
  width: 2,
  height: 3,
  raw,
  chunks: [pngChunk('tEXt', new Uint8Array(20))],
});
const jpeg = jpegFixture(640, 480);

function boundaries(): number[] {
  return [...walkPng(png)].flatMap((chunk) =>
    typeof chunk === 'string' ? [] : [chunk.start, chunk.start + 8, chunk.end - 4],
  );
}

describe('a PNG', () => {
  test('is intact', () => {
    expect(inspectImage(png)).toEqual({ kind: 'png', width: 2, height: 3, provenance: null });
  });

  test('is read from the middle of a larger buffer', () => {
    const buffer = new Uint8Array(png.length + 20);
    buffer.set(png, 7);
    expect(inspectImage(buffer.subarray(7, 7 + png.length)).kind).toBe('png');
  });

  test.each(boundaries())('cut at %i is broken', (length) => {
    expect(inspectImage(png.subarray(0, length)).kind).toBe('broken');
  });

  test('cut anywhere is broken', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: png.length - 1 }), (length) => {
        expect(inspectImage(png.subarray(0, length)).kind).toBe('broken');
      }),
    );
  });

  test('with any bit flipped is broken', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: png.length - 1 }),
        fc.integer({ min: 0, max: 7 }),
        (at, bit) => {
          const damaged = Uint8Array.from(png);
          damaged[at] = (damaged[at] ?? 0) ^ (1 << bit);
          expect(inspectImage(damaged).kind).toBe('broken');
        },
      ),
    );
  });

  test.each([
    ['no width', { width: 0, height: 3, raw }, 'IHDR is not valid'],
    ['too wide', { width: 0x8000_0000, height: 3, raw }, 'IHDR is not valid'],
    ['depth 3', { width: 2, height: 3, depth: 3, raw }, 'IHDR is not valid'],
    ['colour type 5', { width: 2, height: 3, colourType: 5, raw }, 'IHDR is not valid'],
    ['16-bit palette', { width: 2, height: 3, depth: 16, colourType: 3, raw }, 'IHDR is not valid'],
    ['interlace 2', { width: 2, height: 3, interlace: 2, raw }, 'IHDR is not valid'],
    ['palette without one', { width: 2, height: 3, colourType: 3, raw }, 'it has no palette'],
    [
      'a second IHDR',
      { width: 2, height: 3, raw, chunks: [pngChunk('IHDR', new Uint8Array(13))] },
      'IHDR stands there twice',
    ],
  ])('%s', (_, options, reason) => {
    expect(inspectImage(pngFixture(options))).toEqual({ kind: 'broken', reason });
  });

  test('without image data, or with something behind it', () => {
    const withoutData = Buffer.concat([png.subarray(0, 33), pngChunk('IEND', new Uint8Array(0))]);
    expect(inspectImage(withoutData)).toEqual({ kind: 'broken', reason: 'it has no image data' });
    expect(inspectImage(Buffer.concat([png, Buffer.of(0)]))).toEqual({
      kind: 'broken',
      reason: 'IEND is followed by something',
    });
  });
});

describe('a palette beside RGB', () => {
  const rgb = (...chunks: Uint8Array[]) =>
    pngFixture({ width: 2, height: 3, colourType: 2, raw: new Uint8Array(3 * 7), chunks });

  test('is legal: a suggestion to viewers of few colours', () => {
    expect(inspectImage(rgb(pngChunk('PLTE', new Uint8Array(6)))).kind).toBe('png');
  });

  test.each([0, 4, 771])('of %i bytes is none, and the file is broken', (length) => {
    expect(inspectImage(rgb(pngChunk('PLTE', new Uint8Array(length)))).kind).toBe('broken');
  });

  test('is broken when it stands there twice', () => {
    const palette = pngChunk('PLTE', new Uint8Array(6));
    expect(inspectImage(rgb(palette, palette)).kind).toBe('broken');
  });
});

describe('a JPEG', () => {
  test('is intact', () => {
    expect(inspectImage(jpeg)).toEqual({ kind: 'jpeg', width: 640, height: 480, provenance: null });
  });

  test('may end with zeros, not with anything else', () => {
    expect(inspectImage(Buffer.concat([jpeg, Buffer.alloc(5)])).kind).toBe('jpeg');
    expect(inspectImage(Buffer.concat([jpeg, Buffer.of(1)])).kind).toBe('broken');
  });

  test.each(Array.from(jpeg.keys()))('cut at %i is broken', (length) => {
    expect(inspectImage(jpeg.subarray(0, length)).kind).toBe('broken');
  });

  test('without a frame, or of no size, is broken', () => {
    const frame = jpeg.findIndex((byte, i) => byte === 0xff && jpeg[i + 1] === 0xc0);
    const withoutFrame = Buffer.concat([jpeg.subarray(0, frame), jpeg.subarray(frame + 13)]);
    expect(inspectImage(withoutFrame).kind).toBe('broken');
    expect(inspectImage(jpegFixture(0, 480)).kind).toBe('broken');
  });
});

test.each([
  ['nothing', ''],
  ['text', '<svg xmlns="http://www.w3.org/2000/svg"/>'],
  [
    'an XML error under the name of a PNG',
    '<?xml version="1.0"?><Error><Code>NoSuchKey</Code></Error>',
  ],
  ['GIF', 'GIF89a'],
  ['a bare signature', '\u0089PNG\r\n\u001a\n'],
])('%s is broken', (_, text) => {
  expect(inspectImage(Buffer.from(text, 'latin1')).kind).toBe('broken');
});

test('any bytes get an answer', () => {
  const started = fc.constantFrom(png.subarray(0, 8), jpeg.subarray(0, 3), new Uint8Array(0));
  fc.assert(
    fc.property(started, fc.uint8Array({ maxLength: 300 }), (start, rest) => {
      expect(['png', 'jpeg', 'broken']).toContain(inspectImage(Buffer.concat([start, rest])).kind);
    }),
  );
});
