/**
 * Zero bytes in front of each row, so that "left of the first pixel" needs no question; the widest
 * pixel has eight.
 */
export const ROW_MARGIN = 8;

/**
 * One row of a pass: `bytes` with ROW_MARGIN zeros in front, `words` the same from the margin on,
 * four bytes each.
 */
export interface PngRow {
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;
}

export function pngRow(byteLength: number): PngRow {
  const bytes = new Uint8Array(ROW_MARGIN + Math.ceil(byteLength / 4) * 4);
  return { bytes, words: new Uint32Array(bytes.buffer, ROW_MARGIN) };
}

/** Adds four bytes to four bytes, each modulo 256. */
function addBytes(a: number, b: number): number {
  return ((a & 0x7f7f7f7f) + (b & 0x7f7f7f7f)) ^ ((a ^ b) & 0x80808080);
}

/**
 * Undoes a row's filter in place (PNG specification, 9.2). `above` is the row before it in its
 * pass, or zeros; `length` and `pixelBytes` are bytes. Returns false when there is no such filter.
 */
export function unfilterRow(
  filter: number,
  row: PngRow,
  above: PngRow,
  length: number,
  pixelBytes: number,
): boolean {
  if (filter === 0) return true;
  if (filter > 4) return false;
  const words = Math.ceil(length / 4);
  if (filter === 2) addAbove(row.words, above.words, words);
  else if (pixelBytes === 4) UNFILTER_WORDS[filter]?.(row.words, above.words, words);
  else {
    const end = ROW_MARGIN + length;
    for (let first = ROW_MARGIN; first < ROW_MARGIN + pixelBytes; first++) {
      UNFILTER_BYTES[filter]?.(row.bytes, above.bytes, first, end, pixelBytes);
    }
  }
  return true;
}

function addAbove(row: Uint32Array, above: Uint32Array, length: number): void {
  for (let i = 0; i < length; i++) row[i] = addBytes(row[i] ?? 0, above[i] ?? 0);
}

type UnfilterWords = (row: Uint32Array, above: Uint32Array, length: number) => void;
type UnfilterBytes = (
  row: Uint8Array,
  above: Uint8Array,
  first: number,
  end: number,
  pixelBytes: number,
) => void;

/** Pixels of four bytes, a word at a time. */
const UNFILTER_WORDS: Readonly<Record<number, UnfilterWords>> = {
  1: (row, _above, length) => {
    let left = 0;
    for (let i = 0; i < length; i++) {
      left = addBytes(row[i] ?? 0, left);
      row[i] = left;
    }
  },
  3: (row, above, length) => {
    let left = 0;
    for (let i = 0; i < length; i++) {
      const up = above[i] ?? 0;
      left = addBytes(row[i] ?? 0, (left & up) + (((left ^ up) >>> 1) & 0x7f7f7f7f));
      row[i] = left;
    }
  },
  4: (row, above, length) => {
    let left = 0;
    let corner = 0;
    for (let i = 0; i < length; i++) {
      const up = above[i] ?? 0;
      left = addBytes(row[i] ?? 0, paethWord(left, up, corner));
      row[i] = left;
      corner = up;
    }
  },
};

/**
 * Paeth's choice for each byte of a word; where two neighbours are equal throughout, it is the
 * third.
 */
function paethWord(left: number, up: number, corner: number): number {
  left |= 0;
  up |= 0;
  corner |= 0;
  if (left === corner) return up;
  if (up === corner) return left;
  return (
    paeth(left & 255, up & 255, corner & 255) |
    (paeth((left >>> 8) & 255, (up >>> 8) & 255, (corner >>> 8) & 255) << 8) |
    (paeth((left >>> 16) & 255, (up >>> 16) & 255, (corner >>> 16) & 255) << 16) |
    (paeth(left >>> 24, up >>> 24, corner >>> 24) << 24)
  );
}

function paeth(left: number, up: number, corner: number): number {
  const toLeft = Math.abs(up - corner);
  const toUp = Math.abs(left - corner);
  const toCorner = Math.abs(left + up - 2 * corner);
  if (toLeft <= toUp && toLeft <= toCorner) return left;
  return toUp <= toCorner ? up : corner;
}

/**
 * Pixels of any size, one of their bytes after the other: what is left and above stays in
 * variables.
 */
const UNFILTER_BYTES: Readonly<Record<number, UnfilterBytes>> = {
  1: (row, _above, first, end, pixelBytes) => {
    let left = 0;
    for (let i = first; i < end; i += pixelBytes) {
      left = ((row[i] ?? 0) + left) & 255;
      row[i] = left;
    }
  },
  3: (row, above, first, end, pixelBytes) => {
    let left = 0;
    for (let i = first; i < end; i += pixelBytes) {
      left = ((row[i] ?? 0) + ((left + (above[i] ?? 0)) >> 1)) & 255;
      row[i] = left;
    }
  },
  4: (row, above, first, end, pixelBytes) => {
    let left = 0;
    let corner = 0;
    for (let i = first; i < end; i += pixelBytes) {
      const up = above[i] ?? 0;
      const predicted = left === corner ? up : up === corner ? left : paeth(left, up, corner);
      left = ((row[i] ?? 0) + predicted) & 255;
      row[i] = left;
      corner = up;
    }
  },
};
