import { expect, test } from 'vitest';
import { Ink } from '../../../../src/chart/mark/ink.ts';
import { barScale } from '../../../../src/chart/scale/bar-scale.ts';

const plot = { x: 100, y: 50, width: 400, height: 200 };
/** One cell of the map. */
const at = (x: number, y: number) => ({ x, y, width: 1, height: 1 });

test('a bar weighs more than a line, a line more than a line of one pixel', () => {
  const ink = new Ink(plot);
  ink.addBar(barScale(4, plot), 0, 60, 90);
  ink.addLine([200, 100, 300, 100], 2);
  ink.addLine([200, 150, 300, 150], 1);
  expect(
    [at(150, 75), at(250, 100), at(250, 150), at(250, 200)].map((box) => ink.covered(box)),
  ).toEqual([3, 2, 1, 0]);
});

test('a thin bar covers its neighbours, a wide one its body', () => {
  const thin = new Ink(plot);
  thin.addBar(barScale(400, plot), 100, 60, 240);
  expect(thin.covered({ x: 100, y: 100, width: 400, height: 1 })).toBe(2 * 3);
  const wide = new Ink(plot);
  wide.addBar(barScale(4, plot), 1, 60, 240); // 41 pixels around 250
  expect(wide.covered({ x: 100, y: 100, width: 400, height: 1 })).toBe(11 * 3);
});

test('the heaviest counts once, and what lies beyond the plot is left out', () => {
  const ink = new Ink(plot);
  ink.addLine([0, 100, 1000, 100], 1);
  ink.addLine([0, 100, 1000, 100], 2);
  expect(ink.covered({ x: 0, y: 100, width: 2000, height: 1 })).toBe(100 * 2);
  expect(ink.covered({ x: 600, y: 100, width: 10, height: 10 })).toBe(0);
});
