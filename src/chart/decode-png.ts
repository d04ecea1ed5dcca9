import { inflateSync } from 'node:zlib';
import { AppError } from '../errors.ts';
import { inspectImage } from './inspect-image.ts';
import { walkPng } from './png-chunk.ts';
import { unfilterRows } from './unfilter-rows.ts';

export interface DecodedPng {
  readonly width: number;
  readonly height: number;
  /** RGBA8 rows, unpremultiplied. 16-bit samples keep their high byte. */
  readonly rgba: Uint8Array;
}

interface PngParts {
  readonly width: number;
  readonly height: number;
  /** Bits per sample. */
  readonly depth: number;
  readonly colourType: number;
  readonly interlaced: boolean;
  readonly palette: Uint8Array;
  /** tRNS: alpha per palette entry, or the one colour that is transparent (16-bit samples). */
  readonly transparency: Uint8Array | null;
  readonly data: Uint8Array;
}

const GREY = 0;
const PALETTE = 3;
const SAMPLES: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
/** First column and row, column and row step of each pass (PNG specification, 8.2). */
const WHOLE = [[0, 0, 1, 1]] as const;
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

/**
 * Decodes a PNG of any colour type, depth and interlacing from an untrusted source. (fast-png reads interlaced images
 * of less than 8 bits wrongly and inflates without a bound; docs/adr/0012.)
 *
 * @throws {AppError} `invalid_input` when it is not an intact PNG or its data is not what its header says;
 * `payload_too_large` when it has more than `maxPixels`. Inflating stops at the bytes that the header announces.
 */
export function decodePng(bytes: Uint8Array, { maxPixels }: { readonly maxPixels: number }): DecodedPng {
  const inspection = inspectImage(bytes);
  if (inspection.kind === 'broken') throw damaged(inspection.reason);
  if (inspection.kind !== 'png') throw new AppError('invalid_input', 'The image is not a PNG.');
  const { width, height } = inspection;
  if (width * height > maxPixels)
    throw new AppError('payload_too_large', `The PNG has more than ${maxPixels} pixels.`);
  const parts = readParts(bytes);
  const passes = passesOf(parts);
  const length = passes.reduce((sum, pass) => sum + pass.rows * (pass.rowBytes + 1), 0);
  const raw = inflateExactly(parts.data, length);
  const rgba = new Uint8Array(width * height * 4);
  let offset = 0;
  for (const pass of passes) {
    const passBytes = pass.rows * (pass.rowBytes + 1);
    const rows = unfilterRows(raw.subarray(offset, offset + passBytes), pass.rowBytes, bytesPerPixel(parts));
    if (rows === null) throw damaged('it uses a filter that does not exist');
    paintPass(rgba, rows, pass, parts);
    offset += passBytes;
  }
  return { width, height, rgba };
}

function damaged(reason: string, cause?: unknown): AppError {
  return new AppError('invalid_input', `The PNG is damaged: ${reason}.`, { cause });
}

function readParts(bytes: Uint8Array): PngParts {
  let header: DataView = new DataView(new ArrayBuffer(13));
  let palette: Uint8Array = new Uint8Array(0);
  let transparency: Uint8Array | null = null;
  const data: Uint8Array[] = [];
  for (const chunk of walkPng(bytes)) {
    if (typeof chunk === 'string') throw damaged(chunk);
    if (chunk.type === 'IHDR') header = new DataView(chunk.data.buffer, chunk.data.byteOffset, 13);
    else if (chunk.type === 'PLTE') palette = chunk.data;
    else if (chunk.type === 'tRNS') transparency = chunk.data;
    else if (chunk.type === 'IDAT') data.push(chunk.data);
  }
  return {
    width: header.getUint32(0),
    height: header.getUint32(4),
    depth: header.getUint8(8),
    colourType: header.getUint8(9),
    interlaced: header.getUint8(12) === 1,
    palette,
    transparency,
    data: Buffer.concat(data),
  };
}

function bitsPerPixel({ colourType, depth }: PngParts): number {
  return (SAMPLES[colourType] ?? 1) * depth;
}

/** For the filters: at least one. */
function bytesPerPixel(parts: PngParts): number {
  return Math.max(1, bitsPerPixel(parts) / 8);
}

interface Pass {
  readonly x: number;
  readonly y: number;
  readonly stepX: number;
  readonly stepY: number;
  readonly columns: number;
  readonly rows: number;
  readonly rowBytes: number;
}

function passesOf(parts: PngParts): Pass[] {
  return (parts.interlaced ? ADAM7 : WHOLE)
    .map(([x, y, stepX, stepY]) => {
      const columns = Math.ceil((parts.width - x) / stepX);
      const rows = Math.ceil((parts.height - y) / stepY);
      return { x, y, stepX, stepY, columns, rows, rowBytes: Math.ceil((columns * bitsPerPixel(parts)) / 8) };
    })
    .filter((pass) => pass.columns > 0 && pass.rows > 0);
}

function inflateExactly(data: Uint8Array, length: number): Uint8Array {
  let raw: Uint8Array;
  try {
    raw = inflateSync(data, { maxOutputLength: length });
  } catch (error) {
    throw damaged('its data does not inflate to the size that it announces', error);
  }
  if (raw.length !== length) throw damaged('its data is shorter than its size');
  return raw;
}

function paintPass(rgba: Uint8Array, rows: Uint8Array, pass: Pass, parts: PngParts): void {
  const { colourType, depth, width } = parts;
  const samples = SAMPLES[colourType] ?? 1;
  const greyScale = colourType === GREY ? 255 / (2 ** Math.min(depth, 8) - 1) : 1;
  for (let row = 0; row < pass.rows; row++) {
    for (let column = 0; column < pass.columns; column++) {
      const first = column * samples;
      const sample = (i: number): number => sampleAt(rows, row * pass.rowBytes, first + i, depth);
      const target = ((pass.y + row * pass.stepY) * width + pass.x + column * pass.stepX) * 4;
      if (colourType === PALETTE) paintIndexed(rgba, target, sample(0), parts);
      else {
        const grey = samples < 3;
        const value = (i: number): number => eightBits(sample(grey ? 0 : i), depth) * greyScale;
        const alpha =
          samples % 2 === 0 ? eightBits(sample(samples - 1), depth) : alphaOf(sample, samples, parts);
        rgba.set([value(0), value(1), value(2), alpha], target);
      }
    }
  }
}

function sampleAt(rows: Uint8Array, rowStart: number, index: number, depth: number): number {
  if (depth === 8) return rows[rowStart + index] ?? 0;
  if (depth === 16) return ((rows[rowStart + index * 2] ?? 0) << 8) | (rows[rowStart + index * 2 + 1] ?? 0);
  const bit = index * depth;
  return ((rows[rowStart + (bit >> 3)] ?? 0) >> (8 - depth - (bit & 7))) & ((1 << depth) - 1);
}

function eightBits(sample: number, depth: number): number {
  return depth === 16 ? sample >> 8 : sample;
}

function paintIndexed(
  rgba: Uint8Array,
  target: number,
  index: number,
  { palette, transparency }: PngParts,
): void {
  const start = index * 3;
  if (start + 2 >= palette.length) throw damaged('it uses a colour that its palette does not have');
  for (let i = 0; i < 3; i++) rgba[target + i] = palette[start + i] ?? 0;
  rgba[target + 3] = transparency?.[index] ?? 255;
}

/** 0 for the one colour that tRNS declares transparent. */
function alphaOf(sample: (i: number) => number, samples: number, { transparency }: PngParts): number {
  if (transparency === null || transparency.length < samples * 2) return 255;
  for (let i = 0; i < samples; i++) {
    const declared = ((transparency[i * 2] ?? 0) << 8) | (transparency[i * 2 + 1] ?? 0);
    if (sample(i) !== declared) return 255;
  }
  return 0;
}
