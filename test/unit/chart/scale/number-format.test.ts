import { describe, expect, test } from 'vitest';
import {
  barPriceStyle,
  decimalsOf,
  differenceStyle,
  exponentOf,
  formatNumber,
  magnitude,
  obvStyle,
  plainStyle,
  priceStyle,
  volumeStyle,
  withUnit,
} from '../../../../src/chart/scale/number-format.ts';
import { constant } from '../awkward-series.ts';

describe('a number with the style of its size', () => {
  test.each([
    [0, '0.00'],
    [0.4, '0.4000'],
    [0.00001234, '0.00001234'],
    [9.5, '9.50'],
    [1234.5, '1,234.50'],
    [-1234.5, '\u22121,234.50'],
    [99_999_999, '99,999,999.00'],
    [100_000_000, '100.00M'],
    [4.2e9, '4.20B'],
    [1.5e13, '15.00T'],
    [3e16, '3.00e+16'],
    [3e-15, '3.00e\u221215'],
  ])('as a price %d is %s', (value, text) => {
    expect(formatNumber(value, priceStyle(value))).toBe(text);
  });

  test.each([
    [12.345, '12.35'],
    [999_999, '999,999.00'],
    [-1_000_000, '\u22121.00M'],
    [5e-7, '5.00e\u22127'],
    [2e16, '2.00e+16'],
  ])('as a difference %d is %s', (value, text) => {
    expect(formatNumber(value, differenceStyle(value))).toBe(text);
  });

  test.each([
    [0, '0.00'],
    [900, '900.00'],
    [9_999, '10.00K'],
    [10_000, '0.01M'],
    [147_030_000, '147.03M'],
    [9.9e10, '99,000.00M'],
    [1e11, '100.00B'],
    [9e14, '900.00T'],
    [1e16, '1.00e+16'],
  ])('as a volume %d is %s', (value, text) => {
    expect(formatNumber(value, volumeStyle(value))).toBe(text);
  });

  test.each([
    [999_999, '999,999'],
    [1e6, '1.00M'],
    [-384.83e6, '\u2212384.83M'],
    [1e9, '1.00B'],
    [1e13, '10.00T'],
  ])('as OBV that ends at %d it is %s', (value, text) => {
    expect(formatNumber(value, obvStyle(value, value))).toBe(text);
  });

  test('OBV is written by its last value, unless another is beyond all digits', () => {
    expect(formatNumber(2e9, obvStyle(5, 2e9))).toBe('2,000,000,000');
    expect(formatNumber(5, obvStyle(5, 1e16))).toBe('5.00e+0');
  });
});

test.each([
  [0.5, 4],
  [1.08, 2],
  [1.08123, 5],
  [1.081234567, 5],
  [9.125, 3],
  [10.12345, 2],
])('prices of %d have %i decimals', (price, decimals) => {
  expect(barPriceStyle(constant(3, price, 1)).decimals).toBe(decimals);
});

test('nothing is minus zero, and decimals may be those of an axis', () => {
  expect(formatNumber(-0.001, plainStyle(2))).toBe('0.00');
  expect(formatNumber(-0, plainStyle(0))).toBe('0');
  expect(formatNumber(2.5e6, volumeStyle(2.5e6), 1)).toBe('2.5M');
});

test.each([
  [0, 0],
  [9.99, 0],
  [10, 1],
  [-1234, 3],
  [0.05, -2],
  [Infinity, 0],
])('the power of ten of %d is %i', (value, power) => {
  expect(exponentOf(value)).toBe(power);
});

test('small facts of series and styles', () => {
  expect([magnitude([null, -3, 2]), magnitude([null])]).toEqual([3, 0]);
  expect([decimalsOf(70), decimalsOf(-0.25)]).toEqual([0, 2]);
  expect(withUnit('Volume', volumeStyle(1e6))).toBe('Volume (M)');
  expect(withUnit('OBV', plainStyle(0))).toBe('OBV');
});
