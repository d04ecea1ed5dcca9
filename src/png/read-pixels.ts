import { COLOUR_TYPE, type PngParts } from './parts.ts';
import { ROW_MARGIN, type PngRow } from './unfilter-row.ts';

export interface ReadRow {
  /** RGBA words in memory order: a view of `buffer` or of the row itself. */
  readonly words: Uint32Array;
  /**
   * False when a 16-bit sample is not a repeated byte, and so has no 8-bit value; its high byte is
   * taken.
   */
  readonly exact: boolean;
}

/** Reads `columns` pixels of a row; `buffer` has room for them. */
export type ReadPixels = (row: PngRow, columns: number, buffer: Uint32Array) => ReadRow;

const OPAQUE = 255 << 24;

/** For pixels of more than 8 bits: RGB, RGBA and grey with alpha of 8 bits, and all that has 16. */
export function pixelReader({ header: { colourType, depth }, transparency }: PngParts): ReadPixels {
  if (depth === 16) return readSixteen(colourType, transparency);
  if (colourType === COLOUR_TYPE.rgba) return readRgba;
  return colourType === COLOUR_TYPE.rgb ? readRgb(transparency) : readGreyAlpha;
}

const readRgba: ReadPixels = (row, columns) => ({
  words: row.words.subarray(0, columns),
  exact: true,
});

function readRgb(transparency: Uint8Array | null): ReadPixels {
  // Of tRNS the low byte of each sample counts (PNG specification, 11.3.1.1); no word without alpha
  // is 0.
  const [, red = 0, , green = 0, , blue = 0] = transparency ?? [];
  const transparent = transparency === null ? 0 : red | (green << 8) | (blue << 16) | OPAQUE;
  return ({ bytes }, columns, buffer) => {
    for (let i = 0, at = ROW_MARGIN; i < columns; i++, at += 3) {
      const word =
        (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | OPAQUE;
      buffer[i] = word === transparent ? word ^ OPAQUE : word;
    }
    return { words: buffer.subarray(0, columns), exact: true };
  };
}

const readGreyAlpha: ReadPixels = ({ bytes }, columns, buffer) => {
  for (let i = 0, at = ROW_MARGIN; i < columns; i++, at += 2) {
    buffer[i] = ((bytes[at] ?? 0) * 0x010101) | ((bytes[at + 1] ?? 0) << 24);
  }
  return { words: buffer.subarray(0, columns), exact: true };
};

function readSixteen(colourType: number, transparency: Uint8Array | null): ReadPixels {
  const grey = colourType === COLOUR_TYPE.grey || colourType === COLOUR_TYPE.greyAlpha;
  const alpha = colourType === COLOUR_TYPE.rgba || colourType === COLOUR_TYPE.greyAlpha;
  const pixelBytes = (grey ? 2 : 6) + (alpha ? 2 : 0);
  return ({ bytes }, columns, buffer) => {
    let inexact = 0;
    for (let i = 0, at = ROW_MARGIN; i < columns; i++, at += pixelBytes) {
      for (let k = at; k < at + pixelBytes; k += 2)
        inexact |= (bytes[k] ?? 0) ^ (bytes[k + 1] ?? 0);
      const red = bytes[at] ?? 0;
      const green = grey ? red : (bytes[at + 2] ?? 0);
      const blue = grey ? red : (bytes[at + 4] ?? 0);
      const shown = alpha ? (bytes[at + pixelBytes - 2] ?? 0) : 255;
      const opacity = isColour(bytes, at, alpha ? null : transparency) ? 0 : shown;
      buffer[i] = red | (green << 8) | (blue << 16) | (opacity << 24);
    }
    return { words: buffer.subarray(0, columns), exact: inexact === 0 };
  };
}

/** Whether the samples at `at` are the one colour that tRNS names, all 16 bits of each. */
function isColour(bytes: Uint8Array, at: number, colour: Uint8Array | null): boolean {
  return colour !== null && colour.every((byte, i) => bytes[at + i] === byte);
}
