import { describe, expect, test } from 'vitest';
import { Ink } from '../../../../src/chart/mark/ink.ts';
import { placeCallout } from '../../../../src/chart/plan/place-callout.ts';
import { barScale } from '../../../../src/chart/scale/bar-scale.ts';

const plot = { x: 0, y: 0, width: 400, height: 200 };
const wish = { x: 200, y: 100, width: 60, height: 20, above: true };
const place = (
  changes: Partial<typeof wish>,
  ink = new Ink(plot),
  obstacles = [] as (typeof plot)[],
) => placeCallout({ ...wish, ...changes }, plot, ink, obstacles, 3);

describe('a callout', () => {
  test.each([
    ['a maximum is right above its point', {}, { x: 170, y: 70 }],
    ['a minimum right below', { above: false }, { x: 170, y: 110 }],
    ['at the edge it stays inside', { x: 2 }, { x: 0, y: 70 }],
    ['at the top it goes below', { y: 5 }, { x: 170, y: 15 }],
  ])('on a level line: %s', (_, changes, corner) => {
    const ink = new Ink(plot);
    const { y } = { ...wish, ...changes };
    ink.addLine([0, y, plot.width, y], 2);
    expect(place(changes, ink)).toEqual({ ...corner, width: 60, height: 20 });
  });

  test('stands beside a point that nothing surrounds', () => {
    expect(place({})).toEqual({ x: 215, y: 90, width: 60, height: 20 });
  });

  test('covers no obstacle and keeps the gap to it', () => {
    const obstacle = { x: 150, y: 60, width: 100, height: 30 };
    const box = place({}, new Ink(plot), [obstacle]);
    expect(box).not.toBeNull();
    const above = (box?.y ?? 0) + 20 + 3 <= obstacle.y;
    const below = (box?.y ?? 0) >= obstacle.y + obstacle.height + 3;
    const beside = (box?.x ?? 0) + 60 + 3 <= obstacle.x || (box?.x ?? 0) >= 253;
    expect(above || below || beside).toBe(true);
  });

  test('avoids ink for a place that is a little farther away', () => {
    const ink = new Ink(plot);
    ink.addBar(barScale(1, plot), 0, 60, 95); // 41 pixels around 200
    const box = place({}, ink) ?? plot;
    expect(ink.covered(box)).toBe(0);
    expect(Math.abs(box.x + 30 - 200)).toBeLessThan(120);
  });

  test('has no place where everything is covered', () => {
    expect(place({}, new Ink(plot), [plot])).toBeNull();
  });
});
