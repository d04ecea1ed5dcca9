import { expect, test } from 'vitest';
import { pngRow, ROW_MARGIN, unfilterRow } from '../../../src/png/unfilter-row.ts';

const ABOVE = [10, 250, 30, 40, 50, 60, 70, 80, 90, 100, 110, 240];
const FILTERED = [1, 20, 255, 4, 250, 6, 7, 8, 9, 10, 200, 12];

/** PNG specification, 9.2, one byte after the other. */
function expected(filter: number, pixelBytes: number): number[] {
  const row: number[] = [];
  FILTERED.forEach((byte, i) => {
    const left = row[i - pixelBytes] ?? 0;
    const up = ABOVE[i] ?? 0;
    const corner = i < pixelBytes ? 0 : (ABOVE[i - pixelBytes] ?? 0);
    const estimate = left + up - corner;
    const [a, b, c] = [left, up, corner].map((value) => Math.abs(estimate - value));
    const paeth = a! <= b! && a! <= c! ? left : b! <= c! ? up : corner;
    row.push((byte + ([0, left, up, (left + up) >> 1, paeth][filter] ?? 0)) & 255);
  });
  return row;
}

test.each([0, 1, 2, 3, 4].flatMap((filter) => [1, 2, 3, 4, 6].map((bytes) => [filter, bytes])))(
  'filter %i of pixels of %i bytes',
  (filter = 0, pixelBytes = 1) => {
    const [row, above] = [pngRow(12), pngRow(12)];
    row.bytes.set(FILTERED, ROW_MARGIN);
    above.bytes.set(ABOVE, ROW_MARGIN);
    expect(unfilterRow(filter, row, above, 12, pixelBytes)).toBe(true);
    expect([...row.bytes.subarray(ROW_MARGIN)]).toEqual(expected(filter, pixelBytes));
    expect([...row.bytes.subarray(0, ROW_MARGIN)]).toEqual(Array.from({ length: 8 }, () => 0));
  },
);

test('there is no filter 5', () => {
  expect(unfilterRow(5, pngRow(4), pngRow(4), 4, 4)).toBe(false);
});
