import { hasPngSignature } from '../png/chunk.ts';
import type { Provenance } from '../png/provenance.ts';
import { pngStructure } from '../png/structure.ts';

/**
 * What bytes are, by content alone. `broken` is also what is neither PNG nor JPEG; `reason` is for
 * logs and people.
 */
export type ImageInspection =
  | {
      readonly kind: 'png' | 'jpeg';
      readonly width: number;
      readonly height: number;
      /** What a PNG claims about itself; always null for a JPEG. */
      readonly provenance: Provenance | null;
    }
  | { readonly kind: 'broken'; readonly reason: string };

/** Of the specification; what is more than anybody decodes is for `scanPng` to say. */
const MAX_SIDE = 0x7fffffff;
const MOST_PALETTE_BYTES = 768;
/** Bit depths per PNG colour type (PNG specification, table 11.1). */
const DEPTHS: Readonly<Record<number, readonly number[]>> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
};

/**
 * Whether bytes are an intact PNG or JPEG: every length and checksum of a PNG right and nothing
 * cut; a JPEG's markers walkable up to the end of its image. Nothing is inflated, so it is cheap
 * enough for every read from a store.
 */
export function inspectImage(bytes: Uint8Array): ImageInspection {
  if (bytes.length === 0) return broken('it is empty');
  if (hasPngSignature(bytes)) return inspectPng(bytes);
  if (bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff) return inspectJpeg(bytes);
  return broken('it is neither PNG nor JPEG');
}

function broken(reason: string): ImageInspection {
  return { kind: 'broken', reason };
}

function inspectPng(bytes: Uint8Array): ImageInspection {
  const structure = pngStructure(bytes);
  if (typeof structure === 'string') return broken(structure);
  const { fatal } = structure;
  if (fatal !== null) return broken(`${fatal.chunk} ${fatal.message}`);
  const size = readHeader(structure.header);
  if (size === null) return broken('IHDR is not valid');
  if (structure.dataBytes === 0) return broken('it has no image data');
  const { paletteBytes } = structure;
  if (
    size.palette &&
    (paletteBytes === 0 || paletteBytes % 3 !== 0 || paletteBytes > MOST_PALETTE_BYTES)
  ) {
    return broken('it has no palette');
  }
  const { label } = structure;
  const provenance = label?.kind === 'read' ? label.provenance : null;
  return { kind: 'png', width: size.width, height: size.height, provenance };
}

function readHeader(data: Uint8Array): { width: number; height: number; palette: boolean } | null {
  if (data.length !== 13) return null;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const width = view.getUint32(0);
  const height = view.getUint32(4);
  const [depth, colourType, compression, filter, interlace] = data.subarray(8);
  if (depth === undefined || colourType === undefined || interlace === undefined) return null;
  if (width === 0 || height === 0 || width > MAX_SIDE || height > MAX_SIDE) return null;
  if (DEPTHS[colourType]?.includes(depth) !== true) return null;
  return compression === 0 && filter === 0 && interlace <= 1
    ? { width, height, palette: colourType === 3 }
    : null;
}

/**
 * Start-of-frame markers: all of C0-CF but DHT (C4), JPG (C8) and DAC (CC) (ITU T.81, table B.1).
 */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

function isStandalone(marker: number): boolean {
  return marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7);
}

function inspectJpeg(bytes: Uint8Array): ImageInspection {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let size: { width: number; height: number } | null = null;
  let scanned = false;
  let offset = 2;
  while (offset < bytes.length) {
    if (bytes[offset] !== 0xff) return broken('a JPEG marker is missing');
    while (bytes[offset] === 0xff) offset++;
    const marker = bytes[offset++];
    if (marker === undefined || marker === 0) return broken('it is cut off');
    if (marker === 0xd9) {
      if (size === null || !scanned) return broken('it has no image data');
      // Cameras and tools pad with zeros behind the end; other bytes there are not part of an
      // image.
      if (bytes.subarray(offset).some((byte) => byte !== 0))
        return broken('something follows its end');
      return { kind: 'jpeg', ...size, provenance: null };
    }
    if (isStandalone(marker)) continue;
    if (offset + 2 > bytes.length) return broken('it is cut off');
    const length = view.getUint16(offset);
    if (length < 2 || offset + length > bytes.length) return broken('it is cut off');
    if (isFrame(marker)) {
      if (length < 8) return broken('its frame header is not valid');
      size = { height: view.getUint16(offset + 3), width: view.getUint16(offset + 5) };
      if (size.width === 0 || size.height === 0) return broken('its frame header is not valid');
    }
    offset += length;
    if (marker !== 0xda) continue;
    if (size === null) return broken('its scan comes before its frame');
    const start = offset;
    offset = endOfScan(bytes, start);
    scanned ||= offset > start;
  }
  return broken('it does not end with EOI');
}

/**
 * Entropy-coded data ends at the next marker that is neither a stuffed FF00 nor a restart marker.
 */
function endOfScan(bytes: Uint8Array, from: number): number {
  let offset = bytes.indexOf(0xff, from);
  while (offset !== -1) {
    const next = bytes[offset + 1];
    if (next !== undefined && next !== 0 && next !== 0xff && !(next >= 0xd0 && next <= 0xd7))
      return offset;
    offset = bytes.indexOf(0xff, offset + 1);
  }
  return bytes.length;
}
