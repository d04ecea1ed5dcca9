import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chartArtifact, makeBars, type RawBar } from '../support/bars.ts';
import { startStack, type Stack } from '../support/stack.ts';

const NO_VOLUME = Buffer.from('7ff8000000000000', 'hex');

/** The snapshot hash as docs/chart.md tells anybody to compute it. */
function snapshotHash(bars: readonly Bar[]): string {
  const hash = createHash('sha256').update('chartproof-bars-v1\n');
  for (const { date, open, high, low, close, volume } of bars) {
    const row = Buffer.alloc(48);
    [Date.parse(date), open, high, low, close].forEach((value, i) =>
      row.writeDoubleBE(value, i * 8),
    );
    if (volume === null) NO_VOLUME.copy(row, 40);
    else row.writeDoubleBE(volume, 40);
    hash.update(row);
  }
  return hash.digest('hex');
}

type Bar = ReturnType<typeof withVolume>;

function withVolume(bar: RawBar, volume: number | null) {
  return { ...bar, volume };
}

function withoutField({ date, open, high, low, close }: RawBar) {
  return { date, open, high, low, close };
}

function withShortName(bar: RawBar) {
  return { ...withoutField(bar), v: -1 };
}

describe('bars without volume', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack();
  });
  afterAll(() => stack.close());

  async function post(bars: unknown): Promise<number> {
    const response = await stack.send('POST', '/api/artifacts', chartArtifact(bars));
    expect(response.status).toBe(201);
    return ((await response.json()) as { id: number }).id;
  }
  const get = (path: string) => stack.fetch(`/api/artifacts/${path}`);

  it('are drawn and proved, however they say it, as the same picture', async () => {
    const bars = makeBars(40, 31);
    const hash = snapshotHash(bars.map((bar) => withVolume(bar, null)));
    const spellings = [
      bars.map(withoutField),
      bars.map((bar) => withVolume(bar, null)),
      bars.map((bar) => withVolume(bar, -1)),
      bars.map(withShortName),
    ];
    const answers = [];
    for (const spelling of spellings) {
      const image = await get(`${await post(spelling)}/image`);
      await image.arrayBuffer();
      answers.push([
        image.status,
        image.headers.get('x-chart-snapshot'),
        image.headers.get('etag'),
      ]);
    }
    expect(answers[0]?.slice(0, 2)).toEqual([200, hash]);
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
  });

  it('say null in data, indicators and statistics, and words in the description', async () => {
    const bars = makeBars(30, 32).map((bar) => withVolume(bar, -1));
    const id = await post(bars);
    const indicators = (await (await get(`${id}/indicators`)).json()) as {
      series: Record<string, unknown>;
      stats: Record<string, object>;
      description: string;
    };
    for (const name of ['volume', 'obv']) {
      expect(indicators.series[name]).toEqual(bars.map(() => null));
      expect(Object.values(indicators.stats[name] ?? {})).toEqual([null, null, null, null, null]);
    }
    expect(indicators.description).toContain(
      'These bars have no volume, so there is no on-balance volume.',
    );
    const market = await (await get(`${id}/market-data?limit=1`)).json();
    expect(market).toMatchObject({ count: 1, data: [{ ...bars[29], volume: null }] });
  });

  it('may lie among others', async () => {
    const bars = makeBars(30, 33).map((bar, i) => withVolume(bar, i === 20 ? null : bar.volume));
    const id = await post(bars);
    const image = await get(`${id}/image`);
    await image.arrayBuffer();
    expect(image.headers.get('x-chart-snapshot')).toBe(snapshotHash(bars));
    const { series } = (await (await get(`${id}/indicators`)).json()) as {
      series: Record<string, (number | null)[]>;
    };
    expect(series['volume']).toEqual(bars.map(({ volume }) => volume));
    expect(series['obv']?.map((value) => value === null)).toEqual(bars.map((_, i) => i >= 20));
  });

  it.each([-2, -0.5, '-1', 'n/a', true])('a volume of %j is named as unusable', async (volume) => {
    const [first, ...rest] = makeBars(5, 34);
    const response = await get(`${await post([{ ...first, volume }, ...rest])}/image`);
    const { code, errors } = (await response.json()) as {
      code: string;
      errors: { field: string }[];
    };
    expect([response.status, code, errors.map(({ field }) => field)]).toEqual([
      422,
      'unusable_bars',
      ['metadata.market_data_snapshot.bars[0].volume'],
    ]);
  });

  it('are nullable in the OpenAPI document', async () => {
    const document: unknown = await (await stack.fetch('/openapi.json')).json();
    const bar = { properties: { volume: { type: ['number', 'null'] }, close: { type: 'number' } } };
    const properties = { data: { items: bar } };
    expect(document).toMatchObject({ components: { schemas: { MarketData: { properties } } } });
  });
});
