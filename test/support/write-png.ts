import { deflateSync } from 'node:zlib';
import { PNG_SIGNATURE, pngChunk } from '../../src/png/chunk.ts';

/** A picture as the samples of a PNG. */
export interface PngSamples {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly colourType: number;
  /** Row by row, the samples of a pixel side by side. */
  readonly samples: ArrayLike<number>;
  /** RGB triples. */
  readonly palette?: Uint8Array;
  /** tRNS. */
  readonly transparency?: Uint8Array;
}

export interface PngEncoding {
  readonly interlaced?: boolean;
  /**
   * Filter type of each row, by its number in the stream; 'least' takes the one with the smallest
   * sum, as libpng does.
   */
  readonly filter?: number | 'least' | ((row: number) => number);
  readonly level?: number;
  /** Bytes of each IDAT; one IDAT without it. */
  readonly idatBytes?: number;
}

export const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
const ADAM7_STARTS = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

/** Writes any PNG there may be; for tests, which need encoders that differ from ours. */
export function writePng(image: PngSamples, encoding: PngEncoding = {}): Uint8Array<ArrayBuffer> {
  const data = deflateSync(filteredRows(image, encoding), { level: encoding.level ?? 6 });
  return wrapPng(image, encoding, data);
}

/** The chunks around a finished zlib stream. */
export function wrapPng(
  image: PngSamples,
  encoding: PngEncoding,
  data: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(image.width, 0);
  header.writeUInt32BE(image.height, 4);
  header.set([image.depth, image.colourType, 0, 0, encoding.interlaced === true ? 1 : 0], 8);
  const step = encoding.idatBytes ?? data.length;
  const parts = [PNG_SIGNATURE, pngChunk('IHDR', header)];
  if (image.palette !== undefined) parts.push(pngChunk('PLTE', image.palette));
  if (image.transparency !== undefined) parts.push(pngChunk('tRNS', image.transparency));
  for (let at = 0; at < data.length; at += step)
    parts.push(pngChunk('IDAT', data.subarray(at, at + step)));
  parts.push(pngChunk('IEND', new Uint8Array(0)));
  return new Uint8Array(Buffer.concat(parts));
}

/** What a PNG deflates: rows with their filter bytes. */
export function filteredRows(image: PngSamples, encoding: PngEncoding = {}): Buffer {
  const channels = CHANNELS[image.colourType] ?? 1;
  const pixelBytes = Math.max(1, (channels * image.depth) >> 3);
  const rows: Uint8Array[] = [];
  for (const [x0, y0, dx, dy] of encoding.interlaced === true
    ? ADAM7_STARTS
    : [[0, 0, 1, 1] as const]) {
    let above: Uint8Array | null = null;
    for (let y = y0; y < image.height && x0 < image.width; y += dy) {
      const row = packRow(image, channels, x0, dx, y);
      rows.push(
        filterRow(
          row,
          above ?? new Uint8Array(row.length),
          pixelBytes,
          encoding.filter ?? 0,
          rows.length,
        ),
      );
      above = row;
    }
  }
  return Buffer.concat(rows);
}

function packRow(
  image: PngSamples,
  channels: number,
  x0: number,
  dx: number,
  y: number,
): Uint8Array {
  const { width, depth, samples } = image;
  const columns = Math.ceil((width - x0) / dx);
  const row = new Uint8Array(Math.ceil((columns * channels * depth) / 8));
  for (let column = 0, at = 0; column < columns; column++) {
    for (let channel = 0; channel < channels; channel++, at++) {
      const sample = samples[(y * width + x0 + column * dx) * channels + channel]!;
      if (depth === 8) row[at] = sample;
      else if (depth === 16) row.set([sample >> 8, sample & 255], at * 2);
      else row[(at * depth) >> 3]! |= sample << (8 - depth - ((at * depth) & 7));
    }
  }
  return row;
}

function filterRow(
  row: Uint8Array,
  above: Uint8Array,
  pixelBytes: number,
  choice: NonNullable<PngEncoding['filter']>,
  number: number,
): Uint8Array {
  if (choice !== 'least') {
    return applyFilter(
      typeof choice === 'number' ? choice : choice(number),
      row,
      above,
      pixelBytes,
    );
  }
  const cost = (filtered: Uint8Array): number =>
    filtered.subarray(1).reduce((sum, byte) => sum + Math.min(byte, 256 - byte), 0);
  const all = [0, 1, 2, 3, 4].map((filter) => applyFilter(filter, row, above, pixelBytes));
  return all.reduce((best, other) => (cost(other) < cost(best) ? other : best));
}

function applyFilter(
  filter: number,
  row: Uint8Array,
  above: Uint8Array,
  pixelBytes: number,
): Uint8Array {
  const filtered = new Uint8Array(row.length + 1);
  filtered[0] = filter;
  for (let i = 0; i < row.length; i++) {
    const a = i < pixelBytes ? 0 : row[i - pixelBytes]!;
    const b = above[i]!;
    const c = i < pixelBytes ? 0 : above[i - pixelBytes]!;
    filtered[i + 1] = row[i]! - predict(filter, a, b, c);
  }
  return filtered;
}

/** PNG specification, 9.2, word for word. */
function predict(filter: number, a: number, b: number, c: number): number {
  if (filter === 1) return a;
  if (filter === 2) return b;
  if (filter === 3) return Math.floor((a + b) / 2);
  if (filter !== 4) return 0;
  const p = a + b - c;
  const [pa, pb, pc] = [Math.abs(p - a), Math.abs(p - b), Math.abs(p - c)];
  if (pa <= pb && pa <= pc) return a;
  return pb <= pc ? b : c;
}
