import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { ColourOrder } from '../../../src/png/colour-order.ts';
import { EarlyHash } from '../../../src/png/early-hash.ts';
import { PixelHash } from '../../../src/png/pixel-hash.ts';

const COLOURS = Uint32Array.of(0xff0000ff, 0x8000ff00);
const expected = (width: number, height: number, indices: Uint8Array): string => {
  const head = Buffer.alloc(10);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.writeUInt16BE(2, 8);
  return createHash('sha256')
    .update(head)
    .update(Buffer.of(255, 0, 0, 255, 0, 255, 0, 128))
    .update(indices)
    .digest('hex');
};
const indices = Uint8Array.from({ length: 200_000 }, (_, i) => Number(i % 1000 > 700));

test('rows of any length and runs are one stream', () => {
  const whole = new PixelHash(1000, 200, COLOURS);
  whole.add(indices);
  const rows = new PixelHash(1000, 200, COLOURS);
  for (let at = 0; at < indices.length; at += 1000) rows.add(indices.subarray(at, at + 1000));
  const runs = new PixelHash(1000, 200, COLOURS);
  for (let row = 0; row < 200; row++) {
    runs.addRun(0, 701);
    runs.addRun(1, 290);
    for (let i = 0; i < 9; i++) runs.addRun(1, 1);
  }
  const hash = expected(1000, 200, indices);
  expect([whole.hex(), rows.hex(), runs.hex()]).toEqual([hash, hash, hash]);
});

test('an early hash needs the colours only once its runs are too many', () => {
  const order = new ColourOrder();
  const noise = Uint8Array.from({ length: 300_000 }, (_, i) => i % 2);
  const early = new EarlyHash(1000, 300, order);
  order.indexOf(COLOURS[0] ?? 0);
  order.indexOf(COLOURS[1] ?? 0);
  for (let at = 0; at < noise.length; at += 1000) early.add(noise.subarray(at, at + 1000));
  expect(early.hex()).toBe(expected(1000, 300, noise));
});

test('a colour that comes too late makes it void; one that comes before does not', () => {
  for (const [lateRow, isVoid] of [
    [299, true],
    [100, false],
  ] as const) {
    const order = new ColourOrder();
    const early = new EarlyHash(1000, 300, order);
    for (let row = 0; row < 300; row++) {
      if (row === 0) COLOURS.forEach((colour) => order.indexOf(colour));
      if (row === lateRow) order.indexOf(0x12345678);
      early.add(Uint8Array.from({ length: 1000 }, (_, i) => i % 2));
    }
    expect(early.hex() === null).toBe(isVoid);
  }
});

test('colours have their number from the first time they are met, up to 256 of them', () => {
  const order = new ColourOrder();
  expect([5, 7, 5, 9, 7].map((colour) => order.indexOf(colour))).toEqual([0, 1, 0, 2, 1]);
  expect([...order.colours]).toEqual([5, 7, 9]);
  for (let colour = 0; colour < 1000; colour++) order.indexOf(colour << 10);
  expect(order.length).toBe(256);
  expect([order.indexOf(9), order.indexOf(0xffffffff)]).toEqual([2, -1]);
});
