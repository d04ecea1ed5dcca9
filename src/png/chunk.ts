import { crc32 } from 'node:zlib';

/** The eight bytes every PNG begins with (PNG specification, 5.2). */
export const PNG_SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

/** Length, type and CRC around the data of a chunk. */
const CHUNK_OVERHEAD = 12;

/** Encoders write some thousands at most; 10 MB of empty chunks would take seconds to walk. */
const MOST_CHUNKS = 50_000;

export interface PngChunk {
  /** Four ASCII letters. */
  readonly type: string;
  /** A view into the file, not a copy. */
  readonly data: Uint8Array;
  /** Offset of the chunk's length field and of the byte behind its CRC. */
  readonly start: number;
  readonly end: number;
}

/** One chunk with length and CRC-32 (over type and data), ready to be written. */
export function pngChunk(type: string, data: Uint8Array): Uint8Array {
  const chunk = new Uint8Array(data.length + CHUNK_OVERHEAD);
  const view = new DataView(chunk.buffer);
  view.setUint32(0, data.length);
  for (let i = 0; i < 4; i++) chunk[4 + i] = type.charCodeAt(i);
  chunk.set(data, 8);
  view.setUint32(8 + data.length, crc32(chunk.subarray(4, 8 + data.length)));
  return chunk;
}

export function hasPngSignature(bytes: Uint8Array): boolean {
  return (
    bytes.length >= PNG_SIGNATURE.length && PNG_SIGNATURE.every((byte, i) => bytes[i] === byte)
  );
}

/**
 * The chunks of a PNG, one after the other. Yields a string that names the damage, and ends, when a
 * chunk is cut off, has an impossible type or a wrong CRC, or when there are more chunks than any
 * encoder writes. What follows IEND is left to the caller.
 */
export function* walkPng(bytes: Uint8Array): Generator<PngChunk | string, void> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let start = PNG_SIGNATURE.length;
  for (let count = 0; start < bytes.length; count++) {
    if (count === MOST_CHUNKS) return yield `it has more than ${MOST_CHUNKS} chunks`;
    if (start + CHUNK_OVERHEAD > bytes.length) return yield 'a chunk is cut off';
    const length = view.getUint32(start);
    const end = start + CHUNK_OVERHEAD + length;
    if (end > bytes.length) return yield 'a chunk is cut off';
    const type = String.fromCharCode(...bytes.subarray(start + 4, start + 8));
    if (!/^[A-Za-z]{4}$/.test(type)) return yield 'a chunk has no type';
    if (crc32(bytes.subarray(start + 4, end - 4)) !== view.getUint32(end - 4)) {
      return yield `the checksum of chunk ${type} is wrong`;
    }
    yield { type, data: bytes.subarray(start + 8, end - 4), start, end };
    if (type === 'IEND') return;
    start = end;
  }
}
