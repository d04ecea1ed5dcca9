import { sha256Hex } from './snapshot-hash.ts';

/**
 * The pixel hash, 64 hex digits: SHA-256 of width and height (uint32, big-endian), then the RGBA8 rows, unpremultiplied.
 * Two PNGs with the same pixels have the same one, whatever deflate made of them.
 */
export async function pixelHash(width: number, height: number, rgba: Uint8Array): Promise<string> {
  const bytes = new Uint8Array(8 + rgba.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  bytes.set(rgba, 8);
  return sha256Hex(bytes);
}
