import { EarlyHash } from './early-hash.ts';
import { inflateSlices } from './inflate-slices.ts';
import { InterlacedPicture } from './interlaced-picture.ts';
import { readPngParts, type PngLimits, type PngParts } from './parts.ts';
import { PngRows, type VisitRow } from './passes.ts';
import { PixelHash } from './pixel-hash.ts';
import { pixelRows, type PixelRows } from './pixel-rows.ts';

export type { PngLimits } from './parts.ts';

/**
 * What reading a PNG from first to last byte found. `reason` is for logs and people ("the PNG: …").
 */
export type PngScan =
  | {
      readonly kind: 'intact';
      /** Pixels. */
      readonly width: number;
      readonly height: number;
      /** 64 hex digits; null for more than 256 colours, or samples without an 8-bit value. */
      readonly pixelSha256: string | null;
    }
  | { readonly kind: 'damaged'; readonly reason: string }
  /** By the header alone, before anything is inflated. */
  | { readonly kind: 'too_large'; readonly reason: string };

export interface PngScanOptions extends PngLimits {
  /**
   * Sees each row, top to bottom, as RGBA words in memory order: a view that is used again and must
   * not be written to. 16-bit samples show their high byte. Called before it is known that all of
   * the picture is intact.
   */
  readonly onRow?: (y: number, rgba: Uint32Array) => void;
  /**
   * True: a picture that cannot have a hash is not decoded further; `intact` is then not proved,
   * the hash is null.
   */
  readonly stopWithoutHash?: boolean;
}

/**
 * Decodes a whole PNG of any colour type, depth and interlacing from an untrusted source, in memory
 * that does not grow with it: two rows and 1.5 MB of buffers, and for an interlaced one a byte a
 * pixel (four, if `onRow` wants to see one that has no hash). Chunks that make no pixels are passed
 * over, but every checksum, length, filter and index must be right and the data exactly as long as
 * the header announces. Never throws for what the bytes are.
 *
 * The colours come before the pixels in the hash; where a new one appears too late for that, the
 * data is decoded twice.
 */
export async function scanPng(
  bytes: Uint8Array<ArrayBuffer>,
  options: PngScanOptions,
): Promise<PngScan> {
  const parts = readPngParts(bytes, options);
  if ('kind' in parts) return parts;
  const pixels = pixelRows(parts);
  return parts.header.interlaced
    ? scanInterlaced(parts, pixels, options)
    : scanRows(parts, pixels, options);
}

async function scanRows(
  parts: PngParts,
  pixels: PixelRows,
  options: PngScanOptions,
): Promise<PngScan> {
  const { width, height } = parts.header;
  const { onRow, stopWithoutHash = false } = options;
  const early = new EarlyHash(width, height, pixels.order);
  const damage = await readRows(parts, (row, _pass, y) => {
    const damage = pixels.read(row, width);
    if (damage !== null) return { damage };
    if (stopWithoutHash && !pixels.hashable) return 'stop';
    if (pixels.hashable) early.add(pixels.indices());
    onRow?.(y, pixels.words());
    return 'next';
  });
  if (damage !== null) return { kind: 'damaged', reason: damage };
  if (!pixels.hashable) return { kind: 'intact', width, height, pixelSha256: null };
  const pixelSha256 = early.hex() ?? (await hashAgain(parts, pixels));
  return { kind: 'intact', width, height, pixelSha256 };
}

/** The pixel hash of data that was read once and has shown all its colours. */
async function hashAgain(parts: PngParts, pixels: PixelRows): Promise<string> {
  const { width, height } = parts.header;
  const hash = new PixelHash(width, height, pixels.order.colours);
  await readRows(parts, (row) => {
    pixels.read(row, width);
    hash.add(pixels.indices());
    return 'next';
  });
  return hash.hex();
}

async function scanInterlaced(
  parts: PngParts,
  pixels: PixelRows,
  options: PngScanOptions,
): Promise<PngScan> {
  const { width, height } = parts.header;
  const { onRow, stopWithoutHash = false } = options;
  const picture = new InterlacedPicture(parts.header, { keepWords: onRow !== undefined });
  const damage = await readRows(parts, (row, pass, rowInPass) => {
    const damage = pixels.read(row, pass.columns);
    if (damage !== null) return { damage };
    if (stopWithoutHash && !pixels.hashable) return 'stop';
    picture.add(pixels, pass, rowInPass);
    return 'next';
  });
  if (damage !== null) return { kind: 'damaged', reason: damage };
  const stopped = stopWithoutHash && !pixels.hashable;
  if (onRow !== undefined && !stopped) picture.forEachRow(pixels.order.colours, onRow);
  const pixelSha256 = pixels.hashable ? picture.hash(pixels.order.colours) : null;
  return { kind: 'intact', width, height, pixelSha256 };
}

/**
 * Shows every row to `visit`. Returns what is wrong with the data, or null when it is whole or
 * `visit` stopped.
 */
async function readRows(parts: PngParts, visit: VisitRow): Promise<string | null> {
  const rows = new PngRows(parts.header, visit);
  const end = await inflateSlices(parts.data, (block) => rows.push(block));
  if (rows.damage !== null) return rows.damage;
  if (end === 'stopped') return null;
  if (end === 'broken') return 'its data cannot be inflated';
  if (!rows.complete) return 'its data is shorter than its size announces';
  return end === 'trailing' ? 'something follows its compressed data' : null;
}
