import { createHash } from 'node:crypto';
import type { RawBar } from './bars.ts';

export const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** The snapshot hash as docs/chart.md tells anybody to compute it. */
export function snapshotHash(bars: RawBar[]): string {
  const hash = createHash('sha256').update('chartproof-bars-v1\n');
  for (const bar of bars) {
    const row = Buffer.alloc(48);
    [Date.parse(bar.date), bar.open, bar.high, bar.low, bar.close, bar.volume].forEach((value, i) =>
      row.writeDoubleBE(value, i * 8),
    );
    hash.update(row);
  }
  return hash.digest('hex');
}
