import { MOST_HASHED_COLOURS } from './pixel-hash.ts';

const TABLE_BITS = 10;
const TABLE_SIZE = 1 << TABLE_BITS;
/** Knuth's multiplicative hash: 2^32 divided by the golden ratio. */
const HASH_FACTOR = 0x9e3779b1;

/**
 * Colours (RGBA words in memory order) in order of first appearance, as many as a pixel hash knows.
 */
export class ColourOrder {
  readonly #colours = new Uint32Array(MOST_HASHED_COLOURS);
  readonly #places = new Int16Array(TABLE_SIZE).fill(-1);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  get colours(): Uint32Array {
    return this.#colours.subarray(0, this.#length);
  }

  /** The colour's index, whether it was known or not; -1 when it is one too many. */
  indexOf(colour: number): number {
    let place = Math.imul(colour, HASH_FACTOR) >>> (32 - TABLE_BITS);
    for (;;) {
      const index = this.#places[place] ?? -1;
      if (index === -1) return this.#insert(place, colour);
      if (this.#colours[index] === colour) return index;
      place = (place + 1) & (TABLE_SIZE - 1);
    }
  }

  #insert(place: number, colour: number): number {
    if (this.#length === MOST_HASHED_COLOURS) return -1;
    this.#places[place] = this.#length;
    this.#colours[this.#length] = colour;
    return this.#length++;
  }
}
