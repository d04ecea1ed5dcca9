import { expect, test } from 'vitest';
import { placeGutter } from '../../../../src/chart/plan/place-gutter.ts';

const tag = (y: number) => ({ y, height: 20, fixed: true as const });
const label = (y: number) => ({ y, height: 10 });

test.each([
  ['stay where they are when nothing touches', [tag(50), label(20), label(80)], [50, 20, 80]],
  ['give way to the tag, to the nearer side', [tag(50), label(45), label(58)], [50, 33, 67]],
  ['give way to each other', [tag(80), label(20), label(22)], [80, 20, 32]],
  ['keep the order of their values', [tag(50), label(52), label(48)], [50, 67, 33]],
  ['stay between top and bottom', [tag(12), label(2), label(99)], [12, 29, 95]],
])('labels %s', (_, wishes, middles) => {
  expect(placeGutter(wishes, 0, 100, 2)).toEqual(middles);
});

test('without room a label goes beyond the end where least is missing', () => {
  expect(placeGutter([tag(10), label(10)], 0, 20, 2)).toEqual([10, -7]);
});
