import { expect, test } from 'vitest';
import { seriesStats } from '../../../../src/chart/indicator/series-stats.ts';

test('nulls are skipped, the median of an even count is the upper one', () => {
  expect(seriesStats([null, 4, 1, 3, 2])).toEqual({
    latest: 2,
    max: 4,
    min: 1,
    average: 2.5,
    median: 3,
  });
  expect(seriesStats([5, null])).toEqual({ latest: 5, max: 5, min: 5, average: 5, median: 5 });
});

test('a series without values has none', () => {
  expect(seriesStats([null, null])).toEqual({
    latest: null,
    max: null,
    min: null,
    average: null,
    median: null,
  });
  expect(seriesStats([]).latest).toBeNull();
});

test('a constant series averages to itself, huge values do not overflow', () => {
  expect(seriesStats(Array.from({ length: 300 }, () => 0.1)).average).toBe(0.1);
  expect(seriesStats([1e308, 1.5e308, 1e308]).average).toBeLessThan(1.5e308);
});
