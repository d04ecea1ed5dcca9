/** What is wrong with a JPEG, in words; ends the reading of it. */
export class Damage extends Error {}

/** Two bytes, big-endian. */
export function word(data: Uint8Array, at: number): number {
  return ((data[at] ?? 0) << 8) | (data[at + 1] ?? 0);
}

export interface Segment {
  readonly marker: number;
  readonly data: Uint8Array;
  /** Offset behind it. */
  readonly end: number;
}

/**
 * The next marker with its data; what lies before it belongs to nothing and is passed over, as
 * decoders do.
 */
export function segmentAt(bytes: Uint8Array, from: number): Segment {
  let offset = bytes.indexOf(0xff, from);
  while (offset !== -1 && (bytes[offset + 1] === 0xff || bytes[offset + 1] === 0)) {
    offset = bytes.indexOf(0xff, offset + 1);
  }
  const marker = offset === -1 ? undefined : bytes[offset + 1];
  if (marker === undefined) throw new Damage('it does not end with EOI');
  const isBare = marker === 0xd9 || marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8);
  if (isBare) return { marker, data: bytes.subarray(0, 0), end: offset + 2 };
  const length = word(bytes, offset + 2);
  if (length < 2 || offset + 2 + length > bytes.length) throw new Damage('it is cut off');
  return {
    marker,
    data: bytes.subarray(offset + 4, offset + 2 + length),
    end: offset + 2 + length,
  };
}
