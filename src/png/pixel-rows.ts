import { ColourOrder } from './colour-order.ts';
import { COLOUR_TYPE, type PngParts } from './parts.ts';
import { pixelReader, type ReadPixels } from './read-pixels.ts';
import { ROW_MARGIN, type PngRow } from './unfilter-row.ts';

/**
 * Rows of a PNG as pixels, and as indices of the colours met so far. What it returns is used again
 * for the next row.
 */
export interface PixelRows {
  /** Colours in the order in which `read` met them. */
  readonly order: ColourOrder;
  /**
   * False once there are more colours than a pixel hash knows, or a sample that has no 8-bit value.
   */
  readonly hashable: boolean;
  /** Takes a row of `columns` pixels. Returns what is wrong with it, or null. */
  read(row: PngRow, columns: number): string | null;
  /** One index byte a pixel of the row that was read; meaningless when not `hashable`. */
  indices(): Uint8Array;
  /** The row that was read as RGBA words in memory order. */
  words(): Uint32Array;
}

/**
 * At most 8 bits a pixel, so at most 256 colours: a table knows them all. Anything else is read as
 * words.
 */
export function pixelRows(parts: PngParts): PixelRows {
  const { colourType, depth } = parts.header;
  const indexed = colourType === COLOUR_TYPE.palette;
  if (indexed || (colourType === COLOUR_TYPE.grey && depth <= 8)) {
    return new SampleRows(parts, indexed ? paletteColours(parts) : greyColours(parts));
  }
  return new WordRows(parts);
}

/** RGBA of each entry of PLTE with tRNS. */
function paletteColours({ palette, transparency }: PngParts): Uint32Array {
  return Uint32Array.from({ length: palette.length / 3 }, (_, i) => {
    const [red = 0, green = 0, blue = 0] = palette.subarray(i * 3);
    return red | (green << 8) | (blue << 16) | ((transparency?.[i] ?? 255) << 24);
  });
}

/** RGBA of each grey; of tRNS the low bits count (PNG specification, 11.3.1.1). */
function greyColours({ header: { depth }, transparency }: PngParts): Uint32Array {
  const most = 2 ** depth - 1;
  const transparent =
    transparency === null ? -1 : (((transparency[0] ?? 0) << 8) | (transparency[1] ?? 0)) & most;
  return Uint32Array.from({ length: most + 1 }, (_, value) => {
    const grey = (value * 255) / most;
    return (grey * 0x010101) | ((value === transparent ? 0 : 255) << 24);
  });
}

class SampleRows implements PixelRows {
  readonly order = new ColourOrder();
  readonly hashable = true;
  readonly #colours: Uint32Array;
  readonly #depth: number;
  readonly #indexOfSample = new Int16Array(256).fill(-1);
  readonly #unpacked: Uint8Array;
  readonly #indices: Uint8Array;
  readonly #words: Uint32Array;
  #samples: Uint8Array;

  constructor({ header: { width, depth } }: PngParts, colours: Uint32Array) {
    this.#colours = colours;
    this.#depth = depth;
    this.#unpacked = new Uint8Array(width + 7); // whole bytes are unpacked
    this.#indices = new Uint8Array(width);
    this.#words = new Uint32Array(width);
    this.#samples = this.#unpacked;
  }

  read(row: PngRow, columns: number): string | null {
    const packed = row.bytes.subarray(
      ROW_MARGIN,
      ROW_MARGIN + Math.ceil((columns * this.#depth) / 8),
    );
    if (this.#depth < 8) unpack(packed, this.#depth, this.#unpacked);
    this.#samples = (this.#depth < 8 ? this.#unpacked : packed).subarray(0, columns);
    const [samples, indexOfSample, indices] = [this.#samples, this.#indexOfSample, this.#indices];
    for (let i = 0; i < columns; i++) {
      const sample = samples[i] ?? 0;
      let index = indexOfSample[sample] ?? -1;
      if (index < 0) {
        if (sample >= this.#colours.length)
          return 'it uses a colour that its palette does not have';
        index = this.order.indexOf(this.#colours[sample] ?? 0);
        indexOfSample[sample] = index;
      }
      indices[i] = index;
    }
    return null;
  }

  indices(): Uint8Array {
    return this.#indices.subarray(0, this.#samples.length);
  }

  words(): Uint32Array {
    const [samples, colours, words] = [this.#samples, this.#colours, this.#words];
    for (let i = 0; i < samples.length; i++) words[i] = colours[samples[i] ?? 0] ?? 0;
    return words.subarray(0, samples.length);
  }
}

/** Samples of 1, 2 or 4 bits, the leftmost in the high bits, as a byte each. */
function unpack(packed: Uint8Array, depth: number, samples: Uint8Array): void {
  const mask = (1 << depth) - 1;
  let at = 0;
  for (const byte of packed)
    for (let shift = 8 - depth; shift >= 0; shift -= depth) samples[at++] = (byte >> shift) & mask;
}

class WordRows implements PixelRows {
  readonly order = new ColourOrder();
  hashable = true;
  readonly #read: ReadPixels;
  readonly #indices: Uint8Array;
  readonly #buffer: Uint32Array;
  #words: Uint32Array;

  constructor(parts: PngParts) {
    this.#read = pixelReader(parts);
    this.#indices = new Uint8Array(parts.header.width);
    this.#buffer = new Uint32Array(parts.header.width);
    this.#words = this.#buffer;
  }

  read(row: PngRow, columns: number): string | null {
    const { words, exact } = this.#read(row, columns, this.#buffer);
    this.#words = words;
    this.hashable &&= exact && this.#number(words);
    return null;
  }

  /** False when there is a colour too many. Runs of one colour are looked up once. */
  #number(words: Uint32Array): boolean {
    const indices = this.#indices;
    let last = words[0] ?? 0;
    let index = this.order.indexOf(last);
    for (let i = 0; i < words.length; i++) {
      const word = words[i] ?? 0;
      if (word !== last) {
        last = word;
        index = this.order.indexOf(word);
      }
      if (index === -1) return false;
      indices[i] = index;
    }
    return true;
  }

  indices(): Uint8Array {
    return this.#indices.subarray(0, this.#words.length);
  }

  words(): Uint32Array {
    return this.#words;
  }
}
