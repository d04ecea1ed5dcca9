import { expect, test } from 'vitest';
import { SUPERTREND } from '../../../../src/chart/indicator/supertrend.ts';
import { barsFrom } from '../chart-inputs.ts';

test('SuperTrend follows a long rise and a long fall', () => {
  const closes = [
    ...Array.from({ length: 60 }, (_, i) => 100 + i),
    ...Array.from({ length: 60 }, (_, i) => 160 - i),
  ];
  const { stDirection, stValues } = SUPERTREND.compute(barsFrom(closes), SUPERTREND.parameters);
  expect(stDirection[59]).toBe(1);
  expect(stValues[59]).toBeLessThan(closes[59] ?? 0);
  expect(stDirection[119]).toBe(-1);
  expect(stValues[119]).toBeGreaterThan(closes[119] ?? 0);
});
