import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { created, type ArtifactWire } from '../support/artifact-calls.ts';
import { chartArtifact, makeBars } from '../support/bars.ts';
import { startStack, type Stack } from '../support/stack.ts';

let stack: Stack;

beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.close());

describe('the data behind a chart', () => {
  const bars = makeBars(60, 11);
  let id: number;
  beforeAll(async () => {
    ({ id } = await created(stack, chartArtifact(bars.toReversed())));
  });

  it('is offered as indicators, unrounded and aligned', async () => {
    const body = (await (await stack.fetch(`/api/artifacts/${id}/indicators`)).json()) as {
      dates: string[];
      series: Record<string, (number | null)[]>;
      stats: Record<string, { latest: number; max: number }>;
      description: string;
    };
    expect(Object.keys(body.series)).toEqual(
      'open high low close volume sma_20 sma_50 sma_200 bb_upper bb_median bb_lower st_values st_direction macd_line signal_line histogram rsi obv atr'.split(
        ' ',
      ),
    );
    expect(new Set(Object.values(body.series).map((series) => series.length))).toEqual(
      new Set([60]),
    );
    expect(body.dates).toEqual(bars.map((bar) => bar.date));
    const mean = bars.slice(0, 20).reduce((sum, bar) => sum + bar.close, 0) / 20;
    expect(body.series['sma_20']?.[18]).toBeNull();
    expect(body.series['sma_20']?.[19]).toBeCloseTo(mean, 9);
    expect(body.stats['close']).toMatchObject({
      latest: bars[59]?.close,
      max: Math.max(...bars.map((bar) => bar.close)),
    });
    expect(body.description).toContain('TEST');
  });

  it('is offered as bars, newest first', async () => {
    const body = await (await stack.fetch(`/api/artifacts/${id}/market-data?limit=2`)).json();
    expect(body).toEqual({ symbol: 'TEST', count: 2, data: [bars[59], bars[58]] });
    const all = (await (await stack.fetch(`/api/artifacts/${id}/market-data`)).json()) as {
      count: number;
    };
    expect(all.count).toBe(50);
    expect((await stack.fetch(`/api/artifacts/${id}/market-data?limit=0`)).status).toBe(422);
  });

  it('is offered as a file', async () => {
    const response = await stack.fetch(`/api/artifacts/${id}/download`);
    expect(response.headers.get('content-disposition')).toBe(
      `attachment; filename="artifact-${id}.json"`,
    );
    expect(
      ((await response.json()) as ArtifactWire).metadata.market_data_snapshot['bars'],
    ).toHaveLength(60);
  });

  it('says what is missing', async () => {
    const { id: none } = await created(stack, chartArtifact(null));
    const { id: bad } = await created(stack, chartArtifact([bars[0]]));
    expect((await stack.fetch(`/api/artifacts/${none}/indicators`)).status).toBe(409);
    expect(await (await stack.fetch(`/api/artifacts/${none}/market-data`)).json()).toMatchObject({
      count: 0,
      data: [],
    });
    expect((await stack.fetch(`/api/artifacts/${bad}/indicators`)).status).toBe(422);
    expect((await stack.fetch(`/api/artifacts/${bad}/market-data`)).status).toBe(422);
    expect((await stack.fetch('/api/artifacts/2147483647/indicators')).status).toBe(404);
  });
});
