import type { PngHeader } from './parts.ts';
import type { PngPass } from './passes.ts';
import { PixelHash } from './pixel-hash.ts';
import type { PixelRows } from './pixel-rows.ts';

/**
 * Collects the passes of an interlaced PNG: one index byte a pixel for as long as it may have a
 * hash.
 */
export class InterlacedPicture {
  readonly #width: number;
  readonly #height: number;
  readonly #keepWords: boolean;
  #indices: Uint8Array | null;
  #words: Uint32Array | null = null;

  /** `keepWords`: a picture without a hash is wanted too, as words, four bytes a pixel. */
  constructor({ width, height }: PngHeader, { keepWords }: { readonly keepWords: boolean }) {
    this.#width = width;
    this.#height = height;
    this.#keepWords = keepWords;
    this.#indices = new Uint8Array(width * height);
  }

  /** Takes the row that `pixels` has read. */
  add(pixels: PixelRows, { x, y, stepX, stepY }: PngPass, rowInPass: number): void {
    if (!pixels.hashable && this.#indices !== null) this.#giveUpIndices(pixels.order.colours);
    const start = (y + rowInPass * stepY) * this.#width + x;
    if (this.#indices !== null) spread(pixels.indices(), this.#indices, start, stepX);
    else if (this.#words !== null) spread(pixels.words(), this.#words, start, stepX);
  }

  forEachRow(colours: Uint32Array, visit: (y: number, words: Uint32Array) => void): void {
    const row = new Uint32Array(this.#width);
    for (let y = 0, start = 0; y < this.#height; y++, start += this.#width) {
      if (this.#words !== null) visit(y, this.#words.subarray(start, start + this.#width));
      else if (this.#indices !== null) {
        for (let x = 0; x < row.length; x++) row[x] = colours[this.#indices[start + x] ?? 0] ?? 0;
        visit(y, row);
      }
    }
  }

  /** The pixel hash. `colours` stand in the order of the passes, which is not that of the rows. */
  hash(colours: Uint32Array): string {
    const indices = this.#indices ?? new Uint8Array(0);
    const order = orderOfAppearance(indices, colours.length);
    const hash = new PixelHash(
      this.#width,
      this.#height,
      order.map((index) => colours[index] ?? 0),
    );
    const renumbered = new Uint8Array(256);
    order.forEach((index, place) => (renumbered[index] = place));
    const row = new Uint8Array(this.#width);
    for (let start = 0; start < indices.length; start += this.#width) {
      for (let x = 0; x < row.length; x++) row[x] = renumbered[indices[start + x] ?? 0] ?? 0;
      hash.add(row);
    }
    return hash.hex();
  }

  #giveUpIndices(colours: Uint32Array): void {
    if (this.#keepWords && this.#indices !== null) {
      this.#words = Uint32Array.from(this.#indices, (index) => colours[index] ?? 0);
    }
    this.#indices = null;
  }
}

function spread(
  row: Uint8Array | Uint32Array,
  target: Uint8Array | Uint32Array,
  start: number,
  step: number,
): void {
  for (let i = 0, at = start; i < row.length; i++, at += step) target[at] = row[i] ?? 0;
}

/** The indices that appear, each once, in order; `count` of them exist. */
function orderOfAppearance(indices: Uint8Array, count: number): Uint32Array {
  const order = new Uint32Array(count);
  const seen = new Uint8Array(256);
  let length = 0;
  for (let i = 0; i < indices.length && length < count; i++) {
    const index = indices[i] ?? 0;
    if (seen[index] === 1) continue;
    seen[index] = 1;
    order[length++] = index;
  }
  return order;
}
