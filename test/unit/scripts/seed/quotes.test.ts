import { describe, expect, it } from 'vitest';
import { dailyQuotes, weekly } from '../../../../scripts/seed/quotes.ts';
import { syntheticDaily, syntheticIntraday } from '../../../../scripts/seed/synthetic-bars.ts';
import { parseBars } from '../../../../src/bars/parse-bars.ts';

describe('the bars of the seed', () => {
  it.each(['AAPL', 'GOOG', 'IBM'] as const)('are 1,260 real days of %s', (symbol) => {
    const bars = dailyQuotes(symbol);
    expect(parseBars(bars)).toHaveLength(1_260);
    expect([bars[0]?.date, bars.at(-1)?.date]).toEqual(['2008-02-29', '2013-03-01']);
  });

  it('become weeks that end on Friday', () => {
    const days = [
      { date: '2013-02-19', open: 1, high: 5, low: 1, close: 2, volume: 10 },
      { date: '2013-02-21', open: 2, high: 9, low: 0.5, close: 3, volume: 20 },
      { date: '2013-02-22', open: 3, high: 4, low: 2, close: 4, volume: 30 },
      { date: '2013-02-25', open: 7, high: 8, low: 6, close: 7.5, volume: 5 },
    ];
    expect(weekly(days)).toEqual([
      { date: '2013-02-22', open: 1, high: 9, low: 0.5, close: 4, volume: 60 },
      { date: '2013-03-01', open: 7, high: 8, low: 6, close: 7.5, volume: 5 },
    ]);
    const aapl = dailyQuotes('AAPL');
    const volume = (bars: readonly { volume: number }[]) =>
      bars.reduce((sum, bar) => sum + bar.volume, 0);
    expect(volume(weekly(aapl))).toBe(volume(aapl));
  });

  it('are drawable and the same every time when they are synthetic', () => {
    expect(parseBars(syntheticDaily(5_000, '2025-11-14', 1, 40))).toHaveLength(5_000);
    expect(syntheticDaily(20, '2025-11-14', 1, 40)).toEqual(
      syntheticDaily(20, '2025-11-14', 1, 40),
    );
    expect(parseBars(syntheticIntraday('2025-11-08', 2, 5, 1, 40))).toHaveLength(156);
  });
});
