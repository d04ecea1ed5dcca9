const SIGNATURE_BYTES = 8;
/** Length, type and CRC around a chunk's data. */
const CHUNK_FRAME_BYTES = 12;

/**
 * The same PNG without its iTXt chunks: as a screenshot tool or another program would have saved
 * it.
 */
export function withoutLabel(png: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  const kept: Uint8Array[] = [png.subarray(0, SIGNATURE_BYTES)];
  for (let at = SIGNATURE_BYTES; at < png.byteLength;) {
    const length = view.getUint32(at) + CHUNK_FRAME_BYTES;
    const type = Buffer.from(png.subarray(at + 4, at + 8)).toString('latin1');
    if (type !== 'iTXt') kept.push(png.subarray(at, at + length));
    at += length;
  }
  return new Uint8Array(Buffer.concat(kept));
}
