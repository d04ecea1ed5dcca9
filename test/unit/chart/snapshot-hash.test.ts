import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseBars } from '../../../src/chart/parse-bars.ts';
import { snapshotHash } from '../../../src/chart/snapshot-hash.ts';

/** The definition, written down a second time: Node's Buffer instead of DataView, its own SHA-256 instead of WebCrypto. */
function independently(bars: readonly (readonly number[])[]): string {
  const hash = createHash('sha256').update('chartproof-bars-v1\n', 'ascii');
  for (const bar of bars) {
    for (const value of bar) {
      const bytes = Buffer.alloc(8);
      bytes.writeDoubleBE(Object.is(value, -0) ? 0 : value);
      hash.update(bytes);
    }
  }
  return hash.digest('hex');
}

test('a published value, so that it never changes unnoticed', async () => {
  const bars = parseBars([
    { date: '2018-01-02', open: 267.84, high: 268.81, low: 267.4, close: 268.77, volume: 86655700 },
    { date: '2018-01-03', open: 268.96, high: 270.64, low: 268.96, close: 270.47, volume: 90070400 },
  ]);
  expect(await snapshotHash(bars)).toBe('442868e91611a5bd18e28770b9e7595be2f778c32c53c07f604988728b7c9d94');
});

test('equals an independent computation on any bars', async () => {
  const price = fc.double({ min: -1e6, max: 1e6, noNaN: true });
  const row = fc.tuple(price, price, fc.double({ min: 0, max: 1e12, noNaN: true }));
  await fc.assert(
    fc.asyncProperty(fc.array(row, { minLength: 2, maxLength: 20 }), async (rows) => {
      const raw = rows.map(([a, b, v], i) => ({ t: i, o: a, h: Math.max(a, b), l: Math.min(a, b), c: b, v }));
      const expected = raw.map(({ t, o, h, l, c, v }) => [t * 1000, o, h, l, c, v]);
      expect(await snapshotHash(parseBars(raw))).toBe(independently(expected));
    }),
  );
});

test('names, order and spelling of times do not matter; a cent does', async () => {
  const one = { date: '2018-01-02', open: 1, high: 2, low: 1, close: 2, volume: 3 };
  const two = { t: 1_514_937_600, o: 2, h: 3, l: 2, c: 3, v: 4 };
  const hash = await snapshotHash(parseBars([one, two]));
  const twin = {
    timestamp: '2018-01-03T01:00:00.000999+01:00',
    open: 2,
    high: 3,
    low: 2,
    close: 3,
    volume: 4,
  };
  expect(await snapshotHash(parseBars([twin, one]))).toBe(hash);
  expect(await snapshotHash(parseBars([{ ...one, close: 1.99 }, two]))).not.toBe(hash);
});

test('-0 and 0 hash alike', async () => {
  const bars = (zero: number) => parseBars([0, 1].map((t) => ({ t, o: zero, h: 0, l: zero, c: 0, v: zero })));
  expect(await snapshotHash(bars(-0))).toBe(await snapshotHash(bars(0)));
});
