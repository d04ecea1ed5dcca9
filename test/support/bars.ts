/** A bar as producers write it. */
export interface RawBar {
  date: string;
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
}

/**
 * Daily bars that no other seed makes: a small random walk, the same for the same seed
 * (mulberry32).
 */
export function makeBars(count: number, seed = 1): RawBar[] {
  let state = seed >>> 0;
  const random = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  let close = 100;
  return Array.from({ length: count }, (_, day) => {
    const open = close;
    close = Math.max(1, round(open * (1 + (random() - 0.5) * 0.04)));
    const high = round(Math.max(open, close) * (1 + random() * 0.01));
    const low = round(Math.min(open, close) * (1 - random() * 0.01));
    const date = new Date(Date.UTC(2020, 0, 1 + day)).toISOString().slice(0, 10);
    return { date, open, high, low, close, volume: Math.round(random() * 1e7) };
  });
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

/** A chart artifact over these bars, ready to be posted. */
export function chartArtifact(bars: unknown, more: Record<string, unknown> = {}) {
  const { metadata, ...rest } = more as { metadata?: Record<string, unknown> };
  return {
    name: 'A chart',
    type: 'chart',
    symbol: 'TEST',
    workflow_id: 'wf',
    execution_id: '2025-11-15 13:54:31.981650+00:00',
    chart_data: { timeframe: 'daily', indicators: ['SMA'] },
    metadata: {
      market_data_snapshot: {
        symbol: 'TEST',
        timeframe: 'daily',
        fetched_at: '2020-01-01T00:00:00Z',
        bars,
      },
      ...metadata,
    },
    ...rest,
  };
}
