import fc from 'fast-check';
import { PNG_SIGNATURE } from '../../../src/png/chunk.ts';
import { scanPng, type PngScan, type PngScanOptions } from '../../../src/png/scan-png.ts';
import { CHANNELS, type PngEncoding, type PngSamples } from '../../support/write-png.ts';

const LIMITS = { maxPixels: 16_000_000, maxInterlacedPixels: 5_000_000 };

export const scan = (
  bytes: Uint8Array<ArrayBuffer>,
  options: Partial<PngScanOptions> = {},
): Promise<PngScan> => scanPng(bytes, { ...LIMITS, ...options });

/** Colour types and depths of the PNG specification, table 11.1. */
export const KINDS = [
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

/**
 * Any small picture of a kind; few values, so that many have a hash, and 16 bits that mostly are 8.
 */
export function pictures(colourType: number, depth: number): fc.Arbitrary<PngSamples> {
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
    .map((draft) => samplesOf(draft, colourType, depth));
}

interface Draft {
  readonly width: number;
  readonly height: number;
  /** Of the palette. */
  readonly entries: number;
  readonly choices: readonly number[];
  readonly coarse: boolean;
  readonly seed: number;
  readonly transparent: boolean;
}

function samplesOf(draft: Draft, colourType: number, depth: number): PngSamples {
  const { width, height, entries, choices, coarse, seed, transparent } = draft;
  const most = 2 ** depth - 1;
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
  if (colourType === 3)
    return transparent ? { ...image, palette, transparency: alphas } : { ...image, palette };
  return transparent && colourType < 4 ? { ...image, transparency: named } : image;
}

export const encodings: fc.Arbitrary<PngEncoding> = fc
  .record({
    interlaced: fc.boolean(),
    filters: fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 5 }),
    level: fc.integer({ min: 0, max: 9 }),
    idatBytes: fc.integer({ min: 1, max: 200 }),
  })
  .map(({ interlaced, filters, level, idatBytes }) => {
    const filter = (row: number): number => filters[row % filters.length]!;
    return { interlaced, filter, level, idatBytes };
  });

export function splitChunks(
  png: Uint8Array,
): Record<'IHDR' | 'PLTE' | 'IDAT' | 'IEND', Uint8Array> {
  const chunks: Record<string, Uint8Array> = {};
  const view = Buffer.from(png);
  for (let start = 8; start < png.length;) {
    const end = start + 12 + view.readUInt32BE(start);
    chunks[view.toString('latin1', start + 4, start + 8)] = png.subarray(start, end);
    start = end;
  }
  return chunks as ReturnType<typeof splitChunks>;
}

export function join(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.concat([PNG_SIGNATURE, ...chunks]));
}
