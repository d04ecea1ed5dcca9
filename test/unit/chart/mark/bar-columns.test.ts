import { expect, test } from 'vitest';
import type { Bar } from '../../../../src/bars/bar.ts';
import { barColumns } from '../../../../src/chart/mark/bar-columns.ts';
import { barScale } from '../../../../src/chart/scale/bar-scale.ts';

function bar(open: number, high: number, low: number, close: number, volume: number | null): Bar {
  return { time: 0, open, high, low, close, volume };
}
const bars = [
  bar(5, 7, 4, 6, null),
  bar(6, 9, 5, 8, 10),
  bar(8, 8, 1, 2, 30),
  bar(2, 3, 2, 3, 20),
  bar(3, 4, 3, 4, null),
  bar(4, 5, 4, 5, null),
];
const plotOf = (width: number) => ({ x: 50, y: 0, width, height: 10 });

test('every bar has its column where there is room', () => {
  const placed = barColumns(bars, barScale(6, plotOf(60)));
  expect(placed.map(({ column }) => column)).toEqual([55, 65, 75, 85, 95, 105]);
  expect(placed.map((one) => one.bar)).toEqual(bars);
});

test('bars of one column are one: first open, highest, lowest, last close, largest volume', () => {
  const merged = barColumns(bars, barScale(6, plotOf(2)));
  expect(merged).toMatchObject([
    { column: 50, bar: { open: 5, high: 9, low: 1, close: 2, volume: 30 } },
    { column: 51, bar: { open: 2, high: 5, low: 2, close: 5, volume: 20 } },
  ]);
  const [none] = barColumns(bars.slice(4), barScale(2, plotOf(1)));
  expect(none?.bar.volume).toBeNull();
  expect(bars[0]).toEqual(bar(5, 7, 4, 6, null));
});
