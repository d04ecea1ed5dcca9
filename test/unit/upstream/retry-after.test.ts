import { expect, it } from 'vitest';
import { readRetryAfter } from '../../../src/upstream/retry-after.ts';

const NOW = Date.UTC(2026, 0, 5, 12);

it.each<[string | null, number]>([
  [null, 5_000],
  ['7', 7_000],
  [' 7 ', 7_000],
  ['0', 1_000],
  ['60', 60_000],
  ['61', 60_000],
  ['99999', 60_000],
  ['-3', 1_000],
  ['1.5', 1_000],
  ['soon', 5_000],
  ['', 5_000],
  ['Mon, 05 Jan 2026 12:00:40 GMT', 40_000],
  ['Mon, 05 Jan 2026 11:00:00 GMT', 1_000],
  ['Tue, 06 Jan 2026 12:00:00 GMT', 60_000],
])('reads Retry-After: %s as %d ms', (value, expectedMs) => {
  expect(readRetryAfter(value, NOW)).toBe(expectedMs);
});
