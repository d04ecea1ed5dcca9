import { expect, it } from 'vitest';
import { summarizeKinds } from '../../../src/catalog/summarize-kinds.ts';

const kind = (type: string, symbol: string | null, n: number, firstAt: string, lastAt: string) => ({
  type,
  symbol,
  n,
  firstAt,
  lastAt,
});

it('adds up types, and names each symbol once, sorted', () => {
  const summary = summarizeKinds([
    kind('llm', 'MSFT', 2, '2025-11-15 13:00:00+00', '2025-11-15 14:00:00+00'),
    kind('chart', 'AAPL', 1, '2025-11-15 12:00:00+00', '2025-11-15 12:00:00+00'),
    kind('llm', 'AAPL', 3, '2025-11-15 13:30:00+00', '2025-11-15 13:30:00+00'),
    kind('signal', null, 1, '2025-11-15 13:30:00+00', '2025-11-15 13:30:00+00'),
    kind('signal', '', 4, '2025-11-15 13:30:00+00', '2025-11-15 13:30:00+00'),
  ]);
  expect(summary.counts).toEqual({ chart: 1, llm: 5, signal: 5 });
  expect(Object.keys(summary.counts)).toEqual(['chart', 'llm', 'signal']);
  expect(summary.symbols).toEqual(['AAPL', 'MSFT']);
});

it('compares times as times: zones and fractions are written in many ways', () => {
  const { firstAt, lastAt } = summarizeKinds([
    kind('llm', null, 1, '2025-11-15 10:00:00+00', '2025-11-15 10:00:00.5+00'),
    kind('llm', null, 1, '2025-11-15 11:30:00+02', '2025-11-15 12:00:00.123456+02'),
    kind('llm', null, 1, '2025-11-15 10:00:00.1+00', '2025-11-15 10:00:00.49+00'),
  ]);
  expect(firstAt).toBe('2025-11-15 11:30:00+02');
  expect(lastAt).toBe('2025-11-15 10:00:00.5+00');
});
