import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scanPng, type PngScan } from '../../src/png/scan-png.ts';
import { SCAN_PNG } from '../support/build-worker.ts';
import { runWorker, type RunningWorker } from '../support/run-worker.ts';
import {
  CHANNELS,
  filteredRows,
  wrapPng,
  writePng,
  type PngSamples,
} from '../support/write-png.ts';

/**
 * What the decoder finds in workerd, whose zlib streams are not those of Node, is what it finds
 * here.
 */
let worker: RunningWorker;
beforeAll(async () => {
  worker = await runWorker(SCAN_PNG);
});
afterAll(() => worker.close());

interface Answer {
  readonly found: PngScan;
  readonly rows: number;
  readonly turns: number;
}

async function inWorkerd(png: Uint8Array<ArrayBuffer>): Promise<Answer> {
  const response = await fetch(worker.url, { method: 'POST', body: png });
  expect(response.status).toBe(200);
  return (await response.json()) as Answer;
}

async function here(png: Uint8Array<ArrayBuffer>): Promise<Pick<Answer, 'found' | 'rows'>> {
  let rows = 2166136261;
  const onRow = (_y: number, words: Uint32Array): void => {
    for (const word of words) rows = Math.imul(rows ^ word, 16777619) >>> 0;
  };
  const found = await scanPng(png, {
    maxPixels: 16_000_000,
    maxInterlacedPixels: 5_000_000,
    onRow,
  });
  return { found, rows };
}

const image: PngSamples = {
  width: 3,
  height: 2,
  depth: 8,
  colourType: 3,
  palette: Uint8Array.of(1, 2, 3, 4, 5, 6),
  samples: [0, 1, 0, 1, 1, 0],
};

describe('the decoder in workerd', () => {
  it('finds what it finds in Node, of every colour type, depth and interlacing', async () => {
    const kinds = [0, 2, 3, 4, 6].flatMap((colourType) =>
      [1, 2, 4, 8, 16]
        .filter(
          (depth) =>
            depth === 8 || colourType === 0 || (colourType === 3 ? depth < 8 : depth === 16),
        )
        .map((depth) => ({ colourType, depth })),
    );
    expect(kinds.length).toBe(15);
    for (const { colourType, depth } of kinds) {
      const [width, height] = [61, 43];
      const most = 2 ** Math.min(depth, 8) - 1;
      const samples = Array.from(
        { length: width * height * CHANNELS[colourType]! },
        (_, i) => (((i * i) >> 5) & 3 & most) * (depth === 16 ? 257 : 1),
      );
      const palette = Uint8Array.from({ length: 3 * (most + 1) }, (_, i) => i * 7);
      const one = {
        width,
        height,
        depth,
        colourType,
        samples,
        ...(colourType === 3 ? { palette } : {}),
      };
      for (const interlaced of [false, true]) {
        const png = writePng(one, { interlaced, filter: (row) => row % 5, idatBytes: 97 });
        const answer = await inWorkerd(png);
        expect(answer, `${colourType}, ${depth} bits`).toMatchObject(await here(png));
        expect(answer.found).toMatchObject({
          pixelSha256: expect.stringMatching(/^[0-9a-f]{64}$/),
        });
      }
    }
  });

  it('calls damaged what is', async () => {
    const rows = filteredRows(image);
    const stream = deflateSync(rows);
    const damaged: Record<string, Uint8Array> = {
      'no deflate': Uint8Array.of(1, 2, 3, 4),
      'wrong Adler-32': stream.map((byte, i) => (i === stream.length - 1 ? byte ^ 1 : byte)),
      'half an Adler-32': stream.subarray(0, -2),
      'cut off': stream.subarray(0, 5),
      'a byte behind': Buffer.concat([stream, Uint8Array.of(0)]),
      'many bytes behind': Buffer.concat([stream, Buffer.alloc(50_000)]),
      'two streams': Buffer.concat([stream, stream]),
      'a byte too few': deflateSync(rows.subarray(0, -1)),
      'a byte too many': deflateSync(Buffer.concat([rows, Uint8Array.of(0)])),
      'a bomb': deflateSync(Buffer.alloc(100_000_000)),
      'filter 9': deflateSync(rows.map((byte, i) => (i === 4 ? 9 : byte))),
      'a colour without palette': deflateSync(rows.map((byte, i) => (i === 7 ? 2 : byte))),
    };
    for (const [name, data] of Object.entries(damaged)) {
      const png = wrapPng(image, {}, data);
      const { found } = await inWorkerd(png);
      const expected = (await here(png)).found;
      expect(found.kind, `${name}`).toBe('damaged');
      expect(found, `${name}`).toEqual(expected);
    }
  });

  it('never throws, whatever was flipped or cut', async () => {
    const whole = writePng({ ...image, width: 6, height: 1 }, { filter: 4 });
    await fc.assert(
      fc.asyncProperty(
        fc.nat(whole.length - 1),
        fc.integer({ min: 0, max: 255 }),
        async (place, flip) => {
          const png = flip === 0 ? whole.slice(0, place) : whole.slice();
          if (flip > 0) png[place]! ^= flip;
          expect((await inWorkerd(png)).found).toEqual((await here(png)).found);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('lets others have their turn while it reads 16 megapixels', async () => {
    const samples = new Uint8Array(4000 * 4000);
    const png = writePng(
      { width: 4000, height: 4000, depth: 8, colourType: 0, samples },
      { level: 1 },
    );
    const { found, turns } = await inWorkerd(png);
    expect(found.kind).toBe('intact');
    expect(turns).toBeGreaterThanOrEqual(3);
  });
});
