import { createHash } from 'node:crypto';

/**
 * The pixel hash, 64 hex digits: SHA-256 of width and height (uint32, big-endian), then the RGBA8 rows, unpremultiplied.
 * Two PNGs with the same pixels have the same one, whatever deflate made of them. (node:crypto takes half the time of
 * WebCrypto here: it neither copies the pixels nor needs them in one piece with their size.)
 */
export function pixelHash(width: number, height: number, rgba: Uint8Array): Promise<string> {
  const size = new DataView(new ArrayBuffer(8));
  size.setUint32(0, width);
  size.setUint32(4, height);
  const hash = createHash('sha256').update(new Uint8Array(size.buffer)).update(rgba);
  return Promise.resolve(hash.digest('hex'));
}
