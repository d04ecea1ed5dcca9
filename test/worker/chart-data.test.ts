import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chartArtifact, makeBars, type RawBar } from '../support/bars.ts';
import { startStack, type Stack } from '../support/stack.ts';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.close());

async function post(bars: unknown, more: Record<string, unknown> = {}): Promise<number> {
  const created = await stack.send('POST', '/api/artifacts', chartArtifact(bars, more));
  expect(created.status).toBe(201);
  return ((await created.json()) as { id: number }).id;
}

interface MarketData {
  symbol: string;
  count: number;
  data: RawBar[];
}

async function marketData(id: number, limit?: number): Promise<MarketData> {
  const response = await stack.fetch(
    `/api/artifacts/${id}/market-data${limit === undefined ? '' : `?limit=${limit}`}`,
  );
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('application/json');
  return (await response.json()) as MarketData;
}

const snapshot = (bars: unknown, symbol = 'TEST') => ({
  metadata: { market_data_snapshot: { symbol, timeframe: 'daily', bars } },
});

describe('market data', () => {
  it.each([1, 2, 49, 50, 51, 499, 500, 501, 619, 620, 5_000])(
    'are the newest %i bars, cold and from the edge',
    async (limit) => {
      const bars = makeBars(620, limit);
      const id = await post(bars);
      const wanted = {
        symbol: 'TEST',
        count: Math.min(limit, 620),
        data: bars.toReversed().slice(0, limit),
      };
      expect(await marketData(id, limit)).toEqual(wanted);
      expect(await marketData(id, limit)).toEqual(wanted);
      // Cut from what another limit has put there.
      expect(await marketData(id, 1)).toEqual({
        ...wanted,
        count: 1,
        data: wanted.data.slice(0, 1),
      });
    },
  );

  it('carry the symbol of the row that is asked, whoever shows the same bars', async () => {
    const bars = makeBars(30, 7);
    const odd = 'A"}],\\\u2028';
    const ids = [await post(bars), await post(bars, snapshot(bars, odd)), await post(bars)];
    for (let time = 0; time < 2; time += 1) {
      const symbols = [];
      for (const id of ids) symbols.push((await marketData(id)).symbol);
      expect(symbols).toEqual(['TEST', odd, 'TEST']);
    }
  });
});

describe.each(['indicators', 'market-data'])('%s', (what) => {
  const path = (id: number) => `/api/artifacts/${id}/${what}`;
  const newest = async (id: number) => {
    const body = (await (await stack.fetch(path(id))).json()) as {
      dates?: string[];
      data?: RawBar[];
    };
    return body.dates?.at(-1) ?? body.data?.[0]?.date;
  };

  it('are the same bytes from the edge, and not sent to who has them', async () => {
    const id = await post(makeBars(300, 11));
    const cold = await stack.fetch(path(id));
    const hot = await stack.fetch(path(id));
    expect(await hot.text()).toBe(await cold.text());
    const etag = hot.headers.get('etag') ?? '';
    expect(etag).toMatch(/^W\/"/);
    expect(cold.headers.get('etag')).toBe(etag);
    const known = await stack.fetch(path(id), { headers: { 'if-none-match': etag } });
    expect([known.status, known.headers.get('etag'), await known.text()]).toEqual([304, etag, '']);
    expect(known.headers.get('cache-control')).toBe('private, no-cache');
  });

  it.each([
    ['PATCH', (id: number, bars: RawBar[]) => stack.send('PATCH', path0(id), snapshot(bars))],
    [
      'SQL that touches no time',
      (id: number, bars: RawBar[]) =>
        stack.query(
          `update artifacts set artifact_metadata = jsonb_set(artifact_metadata, '{market_data_snapshot,bars}', $1::jsonb) where id = $2`,
          [JSON.stringify(bars), id],
        ),
    ],
  ])('follow a %s at once, there and back', async (_name, write) => {
    const [first, second] = [makeBars(100, 21), makeBars(120, 22)];
    const id = await post(first);
    const etags = new Set<string | null>();
    for (const bars of [first, second, first, second]) {
      await write(id, bars);
      for (let time = 0; time < 2; time += 1) {
        expect(await newest(id)).toBe(bars.at(-1)?.date);
        etags.add((await stack.fetch(path(id))).headers.get('etag'));
      }
    }
    expect(etags.size).toBe(2);
  });

  it('follow a symbol that only the row has', async () => {
    const bars = makeBars(40, 31);
    const id = await post(bars, {
      symbol: 'ONE',
      metadata: { market_data_snapshot: { timeframe: 'daily', bars } },
    });
    const symbol = async () =>
      ((await (await stack.fetch(path(id))).json()) as { symbol: string }).symbol;
    expect([await symbol(), await symbol()]).toEqual(['ONE', 'ONE']);
    await stack.send('PATCH', path0(id), { symbol: 'TWO' });
    expect([await symbol(), await symbol()]).toEqual(['TWO', 'TWO']);
  });

  it('end with the row, and say what is wrong with bars that cannot be used', async () => {
    const id = await post(makeBars(50, 41));
    expect((await stack.fetch(path(id))).status).toBe(200);
    await stack.send('PATCH', path0(id), snapshot([{ date: '2025-01-02' }]));
    const refused = await stack.fetch(path(id));
    expect([refused.status, await refused.json()]).toEqual([
      422,
      expect.objectContaining({ code: 'unusable_bars' }),
    ]);
    await stack.send('PATCH', path0(id), { metadata: { market_data_snapshot: null } });
    expect((await stack.fetch(path(id))).status).toBe(what === 'indicators' ? 409 : 200);
    await stack.send('DELETE', path0(id));
    expect((await stack.fetch(path(id))).status).toBe(404);
  });

  it('read no bars when they lie at the edge', async () => {
    const id = await post(makeBars(200, 51));
    const etag = (await stack.fetch(path(id))).headers.get('etag') ?? '';
    // The row is whole for who asks which version it is, and broken for who reads it.
    await stack.query(`alter table artifacts rename column chart_data to chart_data_gone`);
    try {
      const hot = await stack.fetch(path(id));
      expect([hot.status, hot.headers.get('etag')]).toEqual([200, etag]);
    } finally {
      await stack.query(`alter table artifacts rename column chart_data_gone to chart_data`);
    }
  });
});

const path0 = (id: number) => `/api/artifacts/${id}`;
