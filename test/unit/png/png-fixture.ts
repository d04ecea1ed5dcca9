import { deflateSync } from 'node:zlib';
import { PNG_SIGNATURE, pngChunk } from '../../../src/png/chunk.ts';

export interface FixtureOptions {
  readonly width: number;
  readonly height: number;
  readonly depth?: number;
  readonly colourType?: number;
  readonly interlace?: number;
  /** Rows with their filter bytes, before deflate. */
  readonly raw: Uint8Array;
  /** Chunks between IHDR and IDAT. */
  readonly chunks?: readonly Uint8Array[];
}

/** A PNG of any kind, byte by byte; nothing of it is checked. */
export function pngFixture(options: FixtureOptions): Uint8Array<ArrayBuffer> {
  const { width, height, depth = 8, colourType = 6, interlace = 0, raw, chunks = [] } = options;
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([depth, colourType, 0, 0, interlace], 8);
  const parts = [PNG_SIGNATURE, pngChunk('IHDR', header), ...chunks];
  const end = [pngChunk('IDAT', deflateSync(raw)), pngChunk('IEND', new Uint8Array(0))];
  return new Uint8Array(Buffer.concat([...parts, ...end]));
}

/**
 * The smallest JPEG that a decoder would take as one: SOI, JFIF, DQT, SOF0, DHT, SOS, data with a
 * stuffed FF, EOI.
 */
export function jpegFixture(width = 8, height = 8): Uint8Array<ArrayBuffer> {
  const segment = (marker: number, data: number[]): number[] => [
    0xff,
    marker,
    0,
    data.length + 2,
    ...data,
  ];
  return Uint8Array.from([
    0xff,
    0xd8,
    ...segment(0xe0, [0x4a, 0x46, 0x49, 0x46, 0, 1, 1, 0, 0, 1, 0, 1, 0, 0]),
    ...segment(0xdb, [0, ...Array.from({ length: 64 }, () => 1)]),
    ...segment(0xc0, [8, height >> 8, height & 255, width >> 8, width & 255, 1, 1, 0x11, 0]),
    ...segment(0xc4, [0, ...Array.from({ length: 16 }, () => 0), 0]),
    ...segment(0xda, [1, 1, 0, 0, 63, 0]),
    0x12,
    0x34,
    0xff,
    0x00,
    0x56,
    0xff,
    0xd0,
    0x78,
    0xff,
    0xd9,
  ]);
}
