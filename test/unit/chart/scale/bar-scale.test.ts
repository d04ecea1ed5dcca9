import { expect, test } from 'vitest';
import { barScale } from '../../../../src/chart/scale/bar-scale.ts';

const plot = { x: 100, y: 0, width: 1000, height: 10 };

test.each([
  [2, 500, 41],
  [20, 50, 35],
  [100, 10, 7],
  [200, 5, 3],
  [400, 2.5, 1],
  [1000, 1, 1],
])('%i bars are %d px apart and %i px wide: odd, so that a wick is in the middle', (...row) => {
  const [count, step, bodyWidth] = row;
  expect(barScale(count, plot)).toMatchObject({ count, step, bodyWidth, crowded: false });
});

test('bars stand in the middle of their share of the plot', () => {
  const scale = barScale(100, plot);
  expect([scale.x(0), scale.x(99)]).toEqual([105, 1095]);
  expect([scale.column(0), scale.left(0)]).toEqual([105, 102]);
});

test('more bars than pixels share columns', () => {
  const scale = barScale(4000, plot);
  expect(scale.crowded).toBe(true);
  expect([0, 3, 4, 3999].map((index) => scale.column(index))).toEqual([100, 100, 101, 1099]);
});
