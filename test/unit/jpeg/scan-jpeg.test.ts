import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { TINY_JPEG } from '../../../scripts/seed/tiny-jpeg.ts';
import { inspectImage } from '../../../src/image/inspect-image.ts';
import { scanJpeg } from '../../../src/jpeg/scan-jpeg.ts';
import { jpegFixture } from '../png/png-fixture.ts';
import { JPEGS } from './jpeg-fixtures.ts';

const LIMIT = { maxPixels: 16_000_000 };
const names = Object.keys(JPEGS);
const EOI = [0xff, 0xd9];

function jpeg(name: string): Uint8Array<ArrayBuffer> {
  const bytes = JPEGS[name];
  if (bytes === undefined) throw new Error(name);
  return bytes;
}

/** Where the data of the first scan begins, and where the next marker ends it. */
function firstScan(bytes: Uint8Array): [start: number, end: number] {
  const header = bytes.findIndex((byte, i) => byte === 0xff && bytes[i + 1] === 0xda);
  const start = header + 2 + (((bytes[header + 2] ?? 0) << 8) | (bytes[header + 3] ?? 0));
  let end = start;
  const isData = (byte: number | undefined) =>
    byte === 0 || (byte !== undefined && byte >= 0xd0 && byte <= 0xd7);
  while (bytes[end] !== 0xff || isData(bytes[end + 1])) end++;
  return [start, end];
}

const without = (bytes: Uint8Array, from: number, to: number) =>
  new Uint8Array(Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]));

describe('a JPEG', () => {
  test.each(names)('%s: is intact', async (name) => {
    expect(await scanJpeg(jpeg(name), LIMIT)).toEqual({ kind: 'intact', width: 23, height: 19 });
  });

  it('of two pixels is intact', async () => {
    expect(await scanJpeg(TINY_JPEG, LIMIT)).toEqual({ kind: 'intact', width: 2, height: 2 });
  });

  test.each(names)(
    '%s: with half of its first scan is damaged, though its markers can be walked',
    async (name) => {
      const bytes = jpeg(name);
      const [start, end] = firstScan(bytes);
      const cut = without(bytes, Math.floor((start + end) / 2), end);
      expect(inspectImage(cut).kind).toBe('jpeg');
      expect((await scanJpeg(cut, LIMIT)).kind).toBe('damaged');
    },
  );

  test.each(names)('%s: that ends after its first scan header is damaged', async (name) => {
    const bytes = jpeg(name);
    const [start] = firstScan(bytes);
    const cut = Uint8Array.from([...bytes.subarray(0, start), ...EOI]);
    expect((await scanJpeg(cut, LIMIT)).kind).toBe('damaged');
  });

  test.each(names)('%s: cut anywhere is damaged', async (name) => {
    const bytes = jpeg(name);
    for (let length = 2; length < bytes.length; length++) {
      expect((await scanJpeg(bytes.subarray(0, length), LIMIT)).kind).toBe('damaged');
    }
  });

  it('whose restart markers are in another order is damaged', async () => {
    const bytes = jpeg('baseline, 4:2:0, restart markers');
    const first = bytes.findIndex((byte, i) => byte === 0xff && bytes[i + 1] === 0xd0);
    const changed = Uint8Array.from(bytes, (byte, i) => (i === first + 1 ? 0xd3 : byte));
    expect(await scanJpeg(changed, LIMIT)).toEqual({
      kind: 'damaged',
      reason: 'a restart marker is missing',
    });
  });

  it('without the tables that it names is damaged', async () => {
    expect((await scanJpeg(jpegFixture(), LIMIT)).kind).toBe('damaged');
  });

  it('with more pixels than are read is too large, before any is', async () => {
    const [start] = firstScan(TINY_JPEG);
    const huge = Uint8Array.from(TINY_JPEG.subarray(0, start));
    const frame = huge.findIndex((byte, i) => byte === 0xff && huge[i + 1] === 0xc0);
    huge.set([0xff, 0xff, 0xff, 0xff], frame + 5);
    expect((await scanJpeg(huge, LIMIT)).kind).toBe('too_large');
  });

  it('of any bytes gets an answer', async () => {
    const flips = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...names), flips, async (name, changes) => {
        const bytes = Uint8Array.from(jpeg(name));
        for (const [at, value] of changes) bytes[2 + (at % (bytes.length - 2))] = value;
        const { kind } = await scanJpeg(bytes, { maxPixels: 100_000 });
        expect(['intact', 'damaged', 'too_large']).toContain(kind);
      }),
      { numRuns: 2_000 },
    );
  });
});
