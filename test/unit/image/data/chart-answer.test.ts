import { beforeAll, describe, expect, it } from 'vitest';
import {
  CHART_DATA_VERSION,
  createChartAnswers,
  type ChartAnswer,
  type KnownSnapshot,
} from '../../../../src/image/data/chart-answer.ts';
import { indicatorsOf, newestBars } from '../../../../src/image/data/chart-data.ts';
import type { Picture } from '../../../../src/image/picture.ts';
import type { EdgeCache } from '../../../../src/storage/edge-cache.ts';
import { createMemoryCache } from '../../../../src/storage/memory-cache.ts';
import { makeBars } from '../../../support/bars.ts';
import { BUCKET, snapshot, usablePicture } from '../chart-fixture.ts';

const LONG = { ...snapshot, bars: makeBars(120, 3) };
let picture: Picture;
beforeAll(async () => {
  picture = await usablePicture(LONG);
});

function setUp(given: { snapshot?: unknown; rowSymbol?: string | null; gone?: boolean } = {}) {
  const asked: string[] = [];
  const row = { version: 'v1' };
  const documents = new Map<string, Uint8Array<ArrayBuffer>>();
  const pointers = new Map<string, unknown>();
  const answers = createChartAnswers({
    bucket: BUCKET,
    snapshots: {
      version: async () => {
        asked.push('version');
        return given.gone === true ? null : row.version;
      },
      read: async () => {
        asked.push('bars');
        return {
          version: row.version,
          snapshot: given.snapshot === undefined ? LONG : given.snapshot,
          rowSymbol: given.rowSymbol ?? null,
          rowTimeframe: null,
        };
      },
    },
    edge: {
      getPointer: async (name: string) => pointers.get(name),
      putPointer: async (name: string, value: unknown) => void pointers.set(name, value),
      getDocument: async (name: string) => documents.get(name) ?? null,
      putDocument: async (name: string, bytes: Uint8Array<ArrayBuffer>) =>
        void documents.set(name, bytes),
    } as unknown as EdgeCache,
    memory: createMemoryCache<KnownSnapshot>({ maxEntries: 9, ttlMs: 1_000, now: () => 0 }),
    defer: () => {},
  });
  return { answers, asked, row, documents, pointers };
}

const never = () => false;
const json = (answer: ChartAnswer): unknown =>
  answer.kind === 'json' ? JSON.parse(new TextDecoder().decode(answer.bytes)) : answer;

describe('marketData', () => {
  it.each([1, 49, 50, 51, 120, 500])('has the newest %i bars, newest first', async (limit) => {
    const { answers } = setUp();
    const data = newestBars(picture, limit);
    expect(json(await answers.marketData(7, limit, never))).toEqual({
      symbol: 'TSLA',
      count: Math.min(limit, 120),
      data,
    });
  });

  it('is cut from what is kept, without the bars being read again', async () => {
    const { answers, asked, documents } = setUp();
    await answers.marketData(7, 50, never);
    const few = await answers.marketData(7, 3, never);
    expect(json(few)).toMatchObject({ count: 3, data: newestBars(picture, 3) });
    expect(asked).toEqual(['version', 'bars', 'version']);
    expect([...documents.keys()]).toEqual([
      `market-data-${CHART_DATA_VERSION}-50-${picture.renderKey}`,
    ]);
    expect(few.etag).toBe(`W/"market-data-${CHART_DATA_VERSION}-3-${picture.renderKey}"`);
  });

  it('of a row without bars is an empty list', async () => {
    const { answers } = setUp({ snapshot: null, rowSymbol: 'ROW' });
    const empty = await answers.marketData(7, 5, never);
    expect(json(empty)).toEqual({ symbol: 'ROW', count: 0, data: [] });
    const again = await answers.marketData(7, 5, (etag) => etag === empty.etag);
    expect(again).toEqual({ kind: 'not_modified', etag: empty.etag });
  });
});

describe('indicators', () => {
  it('are those of the picture, read once for a version of the row', async () => {
    const { answers, asked, row } = setUp();
    const first = await answers.indicators(7, never);
    expect(json(first)).toEqual(JSON.parse(JSON.stringify(indicatorsOf(picture))));
    expect(await answers.indicators(7, (etag) => etag === first.etag)).toEqual({
      kind: 'not_modified',
      etag: first.etag,
    });
    expect(asked).toEqual(['version', 'bars', 'version']);
    row.version = 'v2';
    await answers.indicators(7, never);
    expect(asked.slice(3)).toEqual(['version', 'bars']);
  });

  it.each([
    ['there is no row', { gone: true }, 'not_found'],
    ['there are no bars', { snapshot: null }, 'nothing_to_draw'],
    ['the bars are bad', { snapshot: { bars: [] } }, 'unusable_bars'],
  ])('fail when %s', async (_name, given, code) => {
    const { answers } = setUp(given);
    await expect(answers.indicators(7, never)).rejects.toMatchObject({ code });
  });

  it('do not trust a pointer of another form', async () => {
    const { answers, asked, pointers } = setUp();
    pointers.set('snapshot-7', { version: 'v1', renderKey: picture.renderKey });
    await answers.indicators(7, never);
    expect(asked).toEqual(['version', 'bars']);
  });
});

describe('newestBars', () => {
  it('has plain dates when every bar starts a day, and times otherwise', () => {
    const [bar] = newestBars(picture, 1);
    expect(bar?.date).toMatch(/^\d{4}-\d\d-\d\d$/);
    const [first, ...rest] = picture.bars;
    if (first === undefined) throw new TypeError('there are bars');
    const shifted = { ...picture, bars: [{ ...first, time: first.time + 1 }, ...rest] };
    expect(newestBars(shifted, 1)[0]?.date).toMatch(/T00:00:00\.000Z$/);
  });
});
