import { hasPngSignature, walkPng } from './chunk.ts';

/** What IHDR says (PNG specification, 11.2.1). */
export interface PngHeader {
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  /** Bits per sample. */
  readonly depth: number;
  readonly colourType: number;
  readonly interlaced: boolean;
}

/** The parts of a PNG that make its pixels, as views into the file. */
export interface PngParts {
  readonly header: PngHeader;
  /** RGB triples; empty where the colour type has none. */
  readonly palette: Uint8Array;
  /** tRNS: alpha per palette entry, or the one colour that is transparent (16-bit samples). */
  readonly transparency: Uint8Array | null;
  /** The zlib stream, in pieces. */
  readonly data: readonly Uint8Array[];
}

export interface PngFault {
  readonly kind: 'damaged' | 'too_large';
  readonly reason: string;
}

export interface PngLimits {
  readonly maxPixels: number;
  readonly maxInterlacedPixels: number;
}

export const COLOUR_TYPE = { grey: 0, rgb: 2, palette: 3, greyAlpha: 4, rgba: 6 } as const;

/** 256 colours. */
export const MOST_PALETTE_BYTES = 768;

/** A row must stay small, or "a few rows" could be the picture. */
const MAX_SIDE = 100_000;
const MAX_PNG_SIDE = 2 ** 31 - 1;
/** Bit depths per colour type (table 11.1). */
const DEPTHS: Readonly<Record<number, readonly number[]>> = {
  [COLOUR_TYPE.grey]: [1, 2, 4, 8, 16],
  [COLOUR_TYPE.rgb]: [8, 16],
  [COLOUR_TYPE.palette]: [1, 2, 4, 8],
  [COLOUR_TYPE.greyAlpha]: [8, 16],
  [COLOUR_TYPE.rgba]: [8, 16],
};
/** Length of tRNS where it names one colour. */
const TRANSPARENT_COLOUR_BYTES: Readonly<Record<number, number>> = {
  [COLOUR_TYPE.grey]: 2,
  [COLOUR_TYPE.rgb]: 6,
};

export function damaged(reason: string): PngFault {
  return { kind: 'damaged', reason };
}

/**
 * Finds what makes the pixels; nothing is inflated. Every length and checksum must be right, IHDR
 * first and once, IEND last. Chunks that make no pixels are passed over, wherever they stand; of
 * PLTE and tRNS the first before the data counts, and what comes later is ignored.
 */
export function readPngParts(bytes: Uint8Array, limits: PngLimits): PngParts | PngFault {
  if (!hasPngSignature(bytes)) return damaged('it is not a PNG');
  let header: PngHeader | null = null;
  let palette: Uint8Array | null = null;
  let transparency: Uint8Array | null = null;
  const data: Uint8Array[] = [];
  let end = -1;
  for (const chunk of walkPng(bytes)) {
    if (typeof chunk === 'string') return damaged(chunk);
    if ((header === null) !== (chunk.type === 'IHDR'))
      return damaged('IHDR is not its first chunk');
    if (chunk.type === 'IHDR') {
      header = readHeader(chunk.data);
      if (header === null) return damaged('IHDR is not valid');
      const excess = sizeExcess(header, limits);
      if (excess !== null) return { kind: 'too_large', reason: excess };
    } else if (chunk.type === 'IDAT') data.push(chunk.data);
    else if (chunk.type === 'PLTE' && data.length === 0) palette ??= chunk.data;
    else if (chunk.type === 'tRNS' && data.length === 0) transparency ??= chunk.data;
    else if (chunk.type === 'IEND') end = chunk.data.length === 0 ? chunk.end : -1;
  }
  if (header === null || end === -1) return damaged('it does not end with IEND');
  if (end !== bytes.length) return damaged('something follows IEND');
  if (data.length === 0) return damaged('it has no image data');
  return checkColours({ header, palette: palette ?? new Uint8Array(0), transparency, data });
}

function readHeader(data: Uint8Array): PngHeader | null {
  if (data.length !== 13) return null;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const width = view.getUint32(0);
  const height = view.getUint32(4);
  const [depth = 0, colourType = -1, compression, filter, interlace = 2] = data.subarray(8);
  if (width === 0 || height === 0 || width > MAX_PNG_SIDE || height > MAX_PNG_SIDE) return null;
  if (DEPTHS[colourType]?.includes(depth) !== true) return null;
  if (compression !== 0 || filter !== 0 || interlace > 1) return null;
  return { width, height, depth, colourType, interlaced: interlace === 1 };
}

function sizeExcess({ width, height, interlaced }: PngHeader, limits: PngLimits): string | null {
  const pixels = width * height;
  if (pixels > limits.maxPixels) return `it has more than ${limits.maxPixels} pixels`;
  if (interlaced && pixels > limits.maxInterlacedPixels) {
    return `it is interlaced and has more than ${limits.maxInterlacedPixels} pixels`;
  }
  return width > MAX_SIDE || height > MAX_SIDE ? `a side has more than ${MAX_SIDE} pixels` : null;
}

/**
 * What cannot be read in one way only makes no pixels: viewers differ on a tRNS of a wrong length.
 */
function checkColours(parts: PngParts): PngParts | PngFault {
  const { header, palette, transparency } = parts;
  const indexed = header.colourType === COLOUR_TYPE.palette;
  if (
    indexed &&
    (palette.length === 0 || palette.length % 3 !== 0 || palette.length > MOST_PALETTE_BYTES)
  ) {
    return damaged(palette.length === 0 ? 'it has no palette' : 'its palette is not valid');
  }
  if (transparency === null) return parts;
  const { length } = transparency;
  const wanted = TRANSPARENT_COLOUR_BYTES[header.colourType];
  if (
    indexed
      ? length === 0 || length > palette.length / 3
      : wanted !== undefined && length !== wanted
  ) {
    return damaged('its tRNS chunk is not valid');
  }
  return parts;
}
