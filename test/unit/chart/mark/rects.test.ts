import { expect, test } from 'vitest';
import { dashes, RectLayers } from '../../../../src/chart/mark/rects.ts';

test('rectangles of one colour are one shape, colours in the order that was named', () => {
  const layers = new RectLayers(['red', 'green', 'blue']);
  layers.add('blue', 1, 2, 3, 4);
  layers.add('red', 5, 6, 7, 8);
  layers.add('blue', 9, 9, 1, 1);
  expect(layers.shapes()).toEqual([
    { kind: 'rects', color: 'red', numbers: [5, 6, 7, 8] },
    { kind: 'rects', color: 'blue', numbers: [1, 2, 3, 4, 9, 9, 1, 1] },
  ]);
});

test('dashes are one pixel high and end with the plot', () => {
  expect(dashes('grey', { x: 10, y: 0, width: 12, height: 50 }, 20.4, 5, 4)).toEqual({
    kind: 'rects',
    color: 'grey',
    numbers: [10, 20, 5, 1, 19, 20, 3, 1],
  });
});
