import { describe, expect, test } from 'vitest';
import { plainStyle, volumeStyle } from '../../../../src/chart/scale/number-format.ts';
import { fixedTicks, valueAxis, valueTicks } from '../../../../src/chart/scale/value-axis.ts';

const space = { top: 100, bottom: 200, padTop: 10, padBottom: 10 };

describe('an axis', () => {
  test('is linear between the paddings, upwards', () => {
    const axis = valueAxis(0, 80, space);
    expect([axis.y(0), axis.y(40), axis.y(80)]).toEqual([190, 150, 110]);
    expect([axis.low, axis.high]).toEqual([-10, 90]);
  });

  test('holds values beyond it at its ends', () => {
    const axis = valueAxis(0, 80, space);
    expect([axis.y(1e9), axis.y(-1e9)]).toEqual([100, 200]);
  });

  test.each([0, 42, -5, 1e-12, 1e300])('a single value %d is in the middle', (value) => {
    expect(valueAxis(value, value, space).y(value)).toBeCloseTo(150, 6);
  });

  test('spans the whole range of numbers', () => {
    const axis = valueAxis(-1e308, 1e308, space);
    expect([axis.y(-1e308), axis.y(0), axis.y(1e308)]).toEqual([190, 150, 110]);
  });
});

describe('ticks', () => {
  const labels = (min: number, max: number, most: number, style = plainStyle(2)) =>
    valueTicks(valueAxis(min, max, { ...space, padTop: 0, padBottom: 0 }), most, style).map(
      ({ label }) => label,
    );
  test.each([
    [0, 100, 5, ['0', '20', '40', '60', '80', '100']],
    [0, 100, 4, ['0', '25', '50', '75', '100']],
    [0, 1, 2, ['0.0', '0.5', '1.0']],
    [-1, 1, 2, ['\u22121', '0', '1']],
    [0.1, 0.2, 4, ['0.100', '0.125', '0.150', '0.175', '0.200']],
    [17, 18, 1, ['17', '18']],
  ])('from %d to %d, at most %i', (min, max, most, expected) => {
    expect(labels(min, max, most)).toEqual(expected);
  });

  test('are round in the unit of the style, and leave it to the title', () => {
    expect(labels(0, 50e6, 2, volumeStyle(50e6))).toEqual(['0', '25', '50']);
  });

  test('fixed ones stay as they are, with the decimals that they have', () => {
    expect(fixedTicks([-80, 0.5, 70], plainStyle(2))).toEqual([
      { value: -80, label: '\u221280' },
      { value: 0.5, label: '0.5' },
      { value: 70, label: '70' },
    ]);
    expect(fixedTicks([2_500_000], volumeStyle(1e6))[0]?.label).toBe('2.5');
  });
});
