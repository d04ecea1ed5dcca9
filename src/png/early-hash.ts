import type { ColourOrder } from './colour-order.ts';
import { PixelHash } from './pixel-hash.ts';

/** Runs of one colour that are kept: 1 MiB. A chart of 1920 x 1400 has about a quarter of them. */
const MOST_RUNS = 262_144;
/** A run is one word: its length above, its index in the low byte. */
const MOST_RUN_PIXELS = 2 ** 24 - 1;

/**
 * Hashes a picture while it is decoded, although the colours stand before the pixels: the first
 * rows wait as runs of one colour, and once there are too many runs, the colours met so far are
 * taken for all there are. A colour that comes after that makes the hash void, and the picture has
 * to be decoded again.
 */
export class EarlyHash {
  readonly #width: number;
  readonly #height: number;
  readonly #order: ColourOrder;
  #runs: Uint32Array | null = new Uint32Array(MOST_RUNS);
  #length = 0;
  #hash: PixelHash | null = null;
  #colours = 0;

  constructor(width: number, height: number, order: ColourOrder) {
    this.#width = width;
    this.#height = height;
    this.#order = order;
  }

  /** The next row, as indices into the order. */
  add(indices: Uint8Array): void {
    // A row may end several runs; it is kept only when all of them fit.
    if (this.#runs !== null && this.#length + indices.length > MOST_RUNS) this.#begin(this.#runs);
    if (this.#runs !== null) this.#keep(indices, this.#runs);
    else if (this.#order.length === this.#colours) this.#hash?.add(indices);
    else this.#hash = null;
  }

  /** 64 hex digits, or null when the hash is void. Ends it. */
  hex(): string | null {
    if (this.#runs !== null) this.#begin(this.#runs);
    return this.#hash?.hex() ?? null;
  }

  #keep(indices: Uint8Array, runs: Uint32Array): void {
    for (let start = 0; start < indices.length;) {
      const index = indices[start] ?? 0;
      let end = start + 1;
      while (end < indices.length && indices[end] === index) end++;
      const last = runs[this.#length - 1] ?? 0;
      const joined = (last >>> 8) + end - start;
      if (this.#length > 0 && (last & 255) === index && joined <= MOST_RUN_PIXELS) {
        runs[this.#length - 1] = (joined << 8) | index;
      } else runs[this.#length++] = ((end - start) << 8) | index;
      start = end;
    }
  }

  #begin(runs: Uint32Array): void {
    this.#colours = this.#order.length;
    this.#hash = new PixelHash(this.#width, this.#height, this.#order.colours);
    for (let i = 0; i < this.#length; i++)
      this.#hash.addRun((runs[i] ?? 0) & 255, (runs[i] ?? 0) >>> 8);
    this.#runs = null;
  }
}
