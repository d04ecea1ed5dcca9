import { MOST_HASHED_COLOURS, PixelHash } from './pixel-hash.ts';

/** Pixels reduced to at most 256 colours. */
export interface PalettePixels {
  /**
   * Opaque RGBA words in memory order, in order of first appearance, as the pixel hash wants them.
   */
  readonly colours: Uint32Array;
  /** Rows as PNG wants them: a filter byte (0), then one byte per pixel. */
  readonly rows: Uint8Array;
}

const TABLE_BITS = 15;
const TABLE_SIZE = 1 << TABLE_BITS;
const MOST_KEPT = TABLE_SIZE / 2;
/** Knuth's multiplicative hash: 2^32 divided by the golden ratio. */
const HASH_FACTOR = 0x9e3779b1;

/**
 * Reduces opaque RGBA pixels to their 256 most frequent colours; all others (edges of anti-aliased
 * lines) become the nearest of them. Runs of one colour are counted at once: most of a chart is
 * white. Ties go to the colour seen first, so the result depends on the pixels alone.
 */
export function reduceToPalette(rgba: Uint8Array, width: number): PalettePixels {
  const pixels = new Uint32Array(rgba.buffer, rgba.byteOffset, rgba.byteLength >>> 2);
  const height = pixels.length / width;
  const table = new ColourTable();
  const rows = new Uint8Array((width + 1) * height);
  const runs = new RunList();
  for (let y = 0, start = 0; y < height; y++) {
    const rowEnd = start + width;
    while (start < rowEnd) {
      const colour = pixels[start] ?? 0;
      let end = start + 1;
      while (end < rowEnd && pixels[end] === colour) end++;
      runs.add(end, table.add(colour, end - start));
      start = end;
    }
  }
  const { kept, keptOfSlot } = table.reduce();
  const colours = new Uint32Array(kept.length);
  const indexOfKept = new Int16Array(kept.length).fill(-1);
  let appeared = 0;
  runs.forEach((start, end, slot) => {
    const place = keptOfSlot[slot] ?? 0;
    let index = indexOfKept[place] ?? -1;
    if (index === -1) {
      index = appeared++;
      indexOfKept[place] = index;
      colours[index] = kept[place] ?? 0;
    }
    const shift = Math.floor(start / width) + 1;
    if (end - start > 8) rows.fill(index, start + shift, end + shift);
    else for (let i = start; i < end; i++) rows[i + shift] = index;
  });
  return { colours, rows };
}

/** The pixel hash of a picture that we are about to write. */
export function hashPalettePixels(
  width: number,
  height: number,
  { colours, rows }: PalettePixels,
): string {
  const hash = new PixelHash(width, height, colours);
  for (let y = 0, start = 1; y < height; y++, start += width + 1)
    hash.add(rows.subarray(start, start + width));
  return hash.hex();
}

/** Ends and slots of runs, in order; grows by doubling. */
class RunList {
  #ends = new Uint32Array(1 << 16);
  #slots = new Uint16Array(1 << 16);
  #length = 0;

  add(end: number, slot: number): void {
    if (this.#length === this.#ends.length) {
      const ends = new Uint32Array(this.#length * 2);
      const slots = new Uint16Array(this.#length * 2);
      ends.set(this.#ends);
      slots.set(this.#slots);
      this.#ends = ends;
      this.#slots = slots;
    }
    this.#ends[this.#length] = end;
    this.#slots[this.#length++] = slot;
  }

  forEach(visit: (start: number, end: number, slot: number) => void): void {
    let start = 0;
    for (let i = 0; i < this.#length; i++) {
      const end = this.#ends[i] ?? start;
      visit(start, end, this.#slots[i] ?? 0);
      start = end;
    }
  }
}

/**
 * Colours in order of appearance with their pixel counts; an open-addressing hash table finds a
 * colour's place.
 */
class ColourTable {
  readonly #places = new Int32Array(TABLE_SIZE).fill(-1);
  readonly #colours = new Uint32Array(MOST_KEPT);
  readonly #counts = new Uint32Array(MOST_KEPT);
  #length = 0;

  /** Returns the colour's slot; when the table is full, that of the nearest colour in it. */
  add(colour: number, count: number): number {
    let place = Math.imul(colour, HASH_FACTOR) >>> (32 - TABLE_BITS);
    for (;;) {
      const slot = this.#places[place] ?? -1;
      if (slot === -1) return this.#insert(place, colour, count);
      if (this.#colours[slot] === colour) {
        this.#counts[slot] = (this.#counts[slot] ?? 0) + count;
        return slot;
      }
      place = (place + 1) & (TABLE_SIZE - 1);
    }
  }

  #insert(place: number, colour: number, count: number): number {
    if (this.#length === MOST_KEPT) return nearest(colour, this.#colours);
    const slot = this.#length++;
    this.#places[place] = slot;
    this.#colours[slot] = colour;
    this.#counts[slot] = count;
    return slot;
  }

  /**
   * The most frequent colours, and the place among them that each slot's colour has or is nearest
   * to.
   */
  reduce(): { kept: Uint32Array; keptOfSlot: Uint8Array } {
    const order = Array.from({ length: this.#length }, (_, slot) => slot);
    order.sort((a, b) => (this.#counts[b] ?? 0) - (this.#counts[a] ?? 0) || a - b);
    const most = order.slice(0, MOST_HASHED_COLOURS);
    const kept = Uint32Array.from(most, (slot) => this.#colours[slot] ?? 0);
    const keptOfSlot = new Uint8Array(this.#length);
    most.forEach((slot, place) => (keptOfSlot[slot] = place));
    for (const slot of order.slice(MOST_HASHED_COLOURS)) {
      keptOfSlot[slot] = nearest(this.#colours[slot] ?? 0, kept);
    }
    return { kept, keptOfSlot };
  }
}

/**
 * Index of the colour with the least squared distance in RGB. A little-endian word holds R in its
 * lowest byte.
 */
function nearest(colour: number, among: Uint32Array): number {
  const red = colour & 255;
  const green = (colour >>> 8) & 255;
  const blue = (colour >>> 16) & 255;
  let best = 0;
  let least = 3 * 256 * 256;
  for (let i = 0; i < among.length; i++) {
    const other = among[i] ?? 0;
    const r = (other & 255) - red;
    const g = ((other >>> 8) & 255) - green;
    const b = ((other >>> 16) & 255) - blue;
    const distance = r * r + g * g + b * b;
    if (distance < least) {
      best = i;
      least = distance;
    }
  }
  return best;
}
