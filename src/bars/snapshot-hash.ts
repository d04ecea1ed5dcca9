import { sha256Hex } from '../digest.ts';
import type { Bar } from './bar.ts';

const HEADER = new TextEncoder().encode('chartproof-bars-v1\n');
const BYTES_PER_BAR = 6 * 8;
/** A quiet NaN, written as bits: which of its many NaNs an engine writes is its own affair. */
const NO_VOLUME_HIGH_BITS = 0x7ff80000;
const NO_VOLUME_LOW_BITS = 0;

/**
 * The snapshot hash, 64 hex digits: SHA-256 over the line `chartproof-bars-v1\n`, then for each bar
 * (ascending time, as `parseBars` returns them) time in epoch ms, open, high, low, close, volume as
 * big-endian float64; -0 counts as 0. No volume is the NaN with the bits 7ff8000000000000.
 */
export async function snapshotHash(bars: readonly Bar[]): Promise<string> {
  const bytes = new Uint8Array(HEADER.length + bars.length * BYTES_PER_BAR);
  bytes.set(HEADER);
  const view = new DataView(bytes.buffer);
  let offset = HEADER.length;
  for (const { time, open, high, low, close, volume } of bars) {
    for (const value of [time, open, high, low, close]) {
      view.setFloat64(offset, value + 0);
      offset += 8;
    }
    if (volume === null) {
      view.setUint32(offset, NO_VOLUME_HIGH_BITS);
      view.setUint32(offset + 4, NO_VOLUME_LOW_BITS);
    } else {
      view.setFloat64(offset, volume + 0);
    }
    offset += 8;
  }
  return sha256Hex(bytes);
}
