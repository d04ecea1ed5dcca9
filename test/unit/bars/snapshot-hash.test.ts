import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseBars } from '../../../src/bars/parse-bars.ts';
import { snapshotHash } from '../../../src/bars/snapshot-hash.ts';
import { AWKWARD_SERIES } from '../chart/awkward-series.ts';

/**
 * The definition, written down a second time: Node's Buffer instead of DataView, its own SHA-256
 * instead of WebCrypto.
 */
function independently(bars: readonly (readonly (number | null)[])[]): string {
  const hash = createHash('sha256').update('chartproof-bars-v1\n', 'ascii');
  for (const bar of bars) {
    for (const value of bar) {
      const bytes = Buffer.from('7ff8000000000000', 'hex');
      if (value !== null) bytes.writeDoubleBE(Object.is(value, -0) ? 0 : value);
      hash.update(bytes);
    }
  }
  return hash.digest('hex');
}

test('a published value, so that it never changes unnoticed', async () => {
  const bars = parseBars([
    { date: '2018-01-02', open: 267.84, high: 268.81, low: 267.4, close: 268.77, volume: 86655700 },
    {
      date: '2018-01-03',
      open: 268.96,
      high: 270.64,
      low: 268.96,
      close: 270.47,
      volume: 90070400,
    },
  ]);
  expect(await snapshotHash(bars)).toBe(
    '442868e91611a5bd18e28770b9e7595be2f778c32c53c07f604988728b7c9d94',
  );
});

/** Computed before volumes could be absent. */
test.each([
  ['2 bars', 'bb31af8633d649435f1b6107c849bdfd333cabf25692c50d666d0d52ea9f4fc6'],
  ['200 bars', 'ba0083bb46856a9dc9afccab5de2820fbbe112a90a7e71fc5e66a36a977a9070'],
  ['5,000 hourly bars', 'fda29681fb8201db29bc8df83714b686a6f1d959e896281094d8e3983b3cd8db'],
  ['300 bars of 5 minutes', '61f39b0c17ff8ae801d355e56e6a52fcbb5c29c2398cfdbea64dc96bc04d0afe'],
  [
    'numbers near the end of the range',
    '9515250b560323e568bcacd57a0aa49d780d392d9c8f74b6e104ff4032e1a4e7',
  ],
  ['currency', '2b3121b5f1bad4c7d2ab3eeba8f8dda434d1d18baa73ced8a7a8d61bf713f35a'],
  ['prices and volumes of 0', '930adb9dd559ad4d0fe530c1dd1a7104baff77e0fb441306d92fb9928952b7fb'],
  ['negative prices', '635d304e2080bf88c4afcd936a85716d8d343cd42c2b7d7dad38e62ce46ef40d'],
])('%s hash as ever', async (name, hash) => {
  const series = AWKWARD_SERIES.find((one) => one.name === name);
  expect(await snapshotHash(series?.bars ?? [])).toBe(hash);
});

/** Computed by the Python of docs/chart.md. */
test('without volumes: published values, and absent, null and -1 are one', async () => {
  const day = { date: '2018-01-02', open: 267.84, high: 268.81, low: 267.4, close: 268.77 };
  const next = { date: '2018-01-03', open: 268.96, high: 270.64, low: 268.96, close: 270.47 };
  const hashOf = (...bars: object[]) => snapshotHash(parseBars(bars));
  const none = 'c2c925f17c46efa51f226e621cf2a84a47a6984a233f57bdcb6a7c4238822be5';
  expect(await hashOf(day, next)).toBe(none);
  expect(await hashOf({ ...day, volume: null }, { ...next, v: -1 })).toBe(none);
  const mixed = '1c7fe5a191242ad84b6cdf5821ed8a8f06909eb750d90c03e9dee89288edf922';
  expect(await hashOf({ ...day, volume: 86655700 }, next)).toBe(mixed);
  expect(await hashOf({ ...day, volume: 86655700 }, { ...next, volume: 0 })).not.toBe(mixed);
});

test('equals an independent computation on any bars', async () => {
  const price = fc.double({ min: -1e6, max: 1e6, noNaN: true });
  const volume = fc.oneof(
    { weight: 3, arbitrary: fc.double({ min: 0, max: 1e12, noNaN: true }) },
    { weight: 1, arbitrary: fc.constantFrom(null, undefined, -1) },
  );
  const row = fc.tuple(price, price, volume);
  await fc.assert(
    fc.asyncProperty(fc.array(row, { minLength: 2, maxLength: 20 }), async (rows) => {
      const raw = rows.map(([a, b, v], i) => ({
        t: i,
        o: a,
        h: Math.max(a, b),
        l: Math.min(a, b),
        c: b,
        v,
      }));
      const expected = raw.map(({ t, o, h, l, c, v }) => [
        t * 1000,
        o,
        h,
        l,
        c,
        v === undefined || v === -1 ? null : v,
      ]);
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
  const bars = (zero: number) =>
    parseBars([0, 1].map((t) => ({ t, o: zero, h: 0, l: zero, c: 0, v: zero })));
  expect(await snapshotHash(bars(-0))).toBe(await snapshotHash(bars(0)));
});
