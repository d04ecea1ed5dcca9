import { createHash } from 'node:crypto';

/** The pixel hash knows pictures of at most so many colours: an index is one byte. */
export const MOST_HASHED_COLOURS = 256;

const BLOCK_BYTES = 65_536;
/** Up to so many bytes a loop is quicker than `fill`. */
const SHORT_RUN = 16;

/**
 * The pixel hash: SHA-256 of width and height (uint32, big-endian), the number of colours (uint16),
 * the colours in order of first appearance (RGBA, four bytes each, unpremultiplied), then one index
 * byte a pixel in row order. Two pictures with the same pixels have the same one, however they are
 * encoded. (node:crypto, because WebCrypto wants all bytes at once and its DigestStream a promise
 * for each write.)
 */
export class PixelHash {
  readonly #hash = createHash('sha256');
  /** Rows are handed on in blocks: a call costs as much as a row. */
  readonly #block = new Uint8Array(BLOCK_BYTES);
  #filled = 0;

  /** `colours` are RGBA words in memory order, in order of first appearance. */
  constructor(width: number, height: number, colours: Uint32Array) {
    const head = new DataView(new ArrayBuffer(10));
    head.setUint32(0, width);
    head.setUint32(4, height);
    head.setUint16(8, colours.length);
    this.#hash.update(new Uint8Array(head.buffer));
    this.#hash.update(new Uint8Array(colours.buffer, colours.byteOffset, colours.byteLength));
  }

  /** The next indices, in row order. */
  add(indices: Uint8Array): void {
    if (this.#filled + indices.length > BLOCK_BYTES) this.#flush();
    if (indices.length > BLOCK_BYTES) this.#hash.update(indices);
    else {
      this.#block.set(indices, this.#filled);
      this.#filled += indices.length;
    }
  }

  /** The same index many times. */
  addRun(index: number, length: number): void {
    for (let left = length; left > 0;) {
      if (this.#filled === BLOCK_BYTES) this.#flush();
      const end = Math.min(BLOCK_BYTES, this.#filled + left);
      left -= end - this.#filled;
      if (end - this.#filled > SHORT_RUN) this.#block.fill(index, this.#filled, end);
      else for (let i = this.#filled; i < end; i++) this.#block[i] = index;
      this.#filled = end;
    }
  }

  /** 64 hex digits. Ends the hash. */
  hex(): string {
    this.#flush();
    return this.#hash.digest('hex');
  }

  #flush(): void {
    if (this.#filled > 0) this.#hash.update(this.#block.subarray(0, this.#filled));
    this.#filled = 0;
  }
}
