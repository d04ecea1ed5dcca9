/** Pixels as indices into at most 256 colours. */
export interface PalettePixels {
  /** RGB triples. */
  readonly palette: Uint8Array;
  /** One byte per pixel. */
  readonly indices: Uint8Array;
}

const MOST_COLOURS = 256;
const TABLE_BITS = 14;
const TABLE_SIZE = 1 << TABLE_BITS;
/** Knuth's multiplicative hash: 2^32 divided by the golden ratio. */
const HASH_FACTOR = 0x9e3779b1;

/**
 * Reduces opaque RGBA pixels to their 256 most frequent colours; all others (edges of anti-aliased lines) become the
 * nearest of them. Runs of one colour are counted at once: most of a chart is white. Ties go to the colour seen first,
 * so the result depends on the pixels alone. Every pixel's alpha is taken as 255.
 */
export function toPalette(rgba: Uint8Array): PalettePixels {
  const pixels = new Uint32Array(rgba.buffer, rgba.byteOffset, rgba.byteLength >>> 2);
  const table = new ColourTable();
  const slots = new Uint16Array(pixels.length);
  for (let start = 0; start < pixels.length;) {
    const colour = pixels[start] ?? 0;
    let end = start + 1;
    while (end < pixels.length && pixels[end] === colour) end++;
    const slot = table.add(colour, end - start);
    slots.fill(slot, start, end);
    start = end;
  }
  const { palette, indexOfSlot } = table.reduce();
  const indices = new Uint8Array(pixels.length);
  for (let i = 0; i < slots.length; i++) indices[i] = indexOfSlot[slots[i] ?? 0] ?? 0;
  return { palette, indices };
}

/** Colours in order of appearance with their pixel counts; an open-addressing hash table finds a colour's place. */
class ColourTable {
  readonly #places = new Int32Array(TABLE_SIZE).fill(-1);
  readonly #colours: number[] = [];
  readonly #counts: number[] = [];

  /** Returns the colour's slot. A table that is nearly full takes the nearest neighbour in hash order instead. */
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
    const slot = this.#colours.length;
    if (slot >= TABLE_SIZE - TABLE_SIZE / 8) return nearest(colour, this.#colours);
    this.#places[place] = slot;
    this.#colours.push(colour);
    this.#counts.push(count);
    return slot;
  }

  reduce(): { palette: Uint8Array; indexOfSlot: Uint8Array } {
    const order = this.#colours.map((_, slot) => slot);
    order.sort((a, b) => (this.#counts[b] ?? 0) - (this.#counts[a] ?? 0) || a - b);
    const kept = order.slice(0, MOST_COLOURS);
    const keptColours = kept.map((slot) => this.#colours[slot] ?? 0);
    const indexOfSlot = new Uint8Array(this.#colours.length);
    kept.forEach((slot, index) => (indexOfSlot[slot] = index));
    for (const slot of order.slice(MOST_COLOURS))
      indexOfSlot[slot] = nearest(this.#colours[slot] ?? 0, keptColours);
    const palette = new Uint8Array(kept.length * 3);
    keptColours.forEach((colour, i) =>
      palette.set([colour & 255, (colour >>> 8) & 255, (colour >>> 16) & 255], i * 3),
    );
    return { palette, indexOfSlot };
  }
}

/** Index of the colour with the least squared distance in RGB. A little-endian word holds R in its lowest byte. */
function nearest(colour: number, among: readonly number[]): number {
  const [red, green, blue] = [colour & 255, (colour >>> 8) & 255, (colour >>> 16) & 255];
  let best = 0;
  let least = Infinity;
  for (let i = 0; i < among.length; i++) {
    const other = among[i] ?? 0;
    const r = (other & 255) - red;
    const g = ((other >>> 8) & 255) - green;
    const b = ((other >>> 16) & 255) - blue;
    const distance = r * r + g * g + b * b;
    if (distance < least) [best, least] = [i, distance];
  }
  return best;
}

/** The RGBA8 rows that a palette PNG decodes to. */
export function paletteToRgba({ palette, indices }: PalettePixels): Uint8Array<ArrayBuffer> {
  const colours = new Uint32Array(MOST_COLOURS);
  for (let i = 0; i * 3 < palette.length; i++) {
    const [r = 0, g = 0, b = 0] = palette.subarray(i * 3, i * 3 + 3);
    colours[i] = (0xff000000 | (b << 16) | (g << 8) | r) >>> 0;
  }
  const pixels = new Uint32Array(indices.length);
  for (let i = 0; i < indices.length; i++) pixels[i] = colours[indices[i] ?? 0] ?? 0;
  return new Uint8Array(pixels.buffer);
}
