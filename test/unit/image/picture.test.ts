import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parseBars } from '../../../src/bars/parse-bars.ts';
import { snapshotHash } from '../../../src/bars/snapshot-hash.ts';
import { DEFAULT_SPEC, RENDERER_VERSION } from '../../../src/chart/chart-spec.ts';
import {
  chartFolder,
  fetchedAt,
  pictureOf,
  renderKey,
  renderObjectRef,
} from '../../../src/image/picture.ts';
import { chartSource, snapshot } from './chart-fixture.ts';

const identity = {
  snapshotSha256: 'a'.repeat(64),
  symbol: 'TSLA',
  timeframe: 'daily',
  spec: { width: 1920, height: 1400, panels: ['price'], nested: { b: 1, a: 2 } },
  renderer: 'r1',
};

describe('renderKey', () => {
  it('is the first 32 hex digits of SHA-256 over RFC 8785 JSON, members sorted', async () => {
    const json = `{"renderer":"r1","snapshot_sha256":"${'a'.repeat(64)}","spec":{"height":1400,"nested":{"a":2,"b":1},"panels":["price"],"width":1920},"symbol":"TSLA","timeframe":"daily"}`;
    expect(await renderKey(identity)).toBe(
      createHash('sha256').update(json).digest('hex').slice(0, 32),
    );
  });

  it.each([
    ['snapshotSha256', 'b'.repeat(64)],
    ['symbol', 'AAPL'],
    ['timeframe', 'weekly'],
    ['spec', { width: 1, height: 1 }],
    ['renderer', 'r2'],
  ] as const)('changes with %s', async (name, value) => {
    expect(await renderKey({ ...identity, [name]: value })).not.toBe(await renderKey(identity));
  });

  it('does not depend on the order of members', async () => {
    const spec = { nested: { a: 2, b: 1 }, panels: ['price'], height: 1400, width: 1920 };
    expect(await renderKey({ ...identity, spec })).toBe(await renderKey(identity));
  });
});

describe('renderObjectRef', () => {
  const key = 'f'.repeat(32);
  it.each([
    ['TSLA', 'daily', 'charts/TSLA/daily'],
    ['BRK.B', '1d', 'charts/BRK.B/1d'],
    ['EUR/USD', '5 min', 'charts/EUR-USD/5-min'],
    ['..', '', 'charts/unknown/unknown'],
    ['../../etc', 'daily', 'charts/..-..-etc/daily'],
    ['腾讯', '日', 'charts/unknown/unknown'],
    ['x'.repeat(200), 'daily', `charts/${'x'.repeat(64)}/daily`],
  ])('slugs %s %s', (symbol, timeframe, folder) => {
    expect(renderObjectRef('trading-charts', { symbol, timeframe }, key)).toEqual({
      bucket: 'trading-charts',
      key: `${folder}/${key}.png`,
    });
  });
});

describe('chartFolder', () => {
  it('is the one of all pictures of a symbol and timeframe', () => {
    const picture = { symbol: 'EUR/USD', timeframe: '1d' };
    const { key } = renderObjectRef('charts', picture, 'f'.repeat(32));
    expect(key.startsWith(`${chartFolder(picture)}/`)).toBe(true);
  });
});

describe('pictureOf', () => {
  const named = (more: Record<string, unknown>, row: Parameters<typeof chartSource>[0] = {}) =>
    pictureOf(chartSource({ snapshot: { ...snapshot, ...more }, ...row }), 'charts');

  it('is what the bars make, under the key that is made of them', async () => {
    const bars = parseBars(snapshot.bars);
    const snapshotSha256 = await snapshotHash(bars);
    const identity = { snapshotSha256, symbol: 'TSLA', timeframe: 'daily' };
    const key = await renderKey({ ...identity, spec: DEFAULT_SPEC, renderer: RENDERER_VERSION });
    expect(await named({})).toEqual({
      kind: 'usable',
      picture: {
        bars,
        ...identity,
        renderKey: key,
        ref: { bucket: 'charts', key: `charts/TSLA/daily/${key}.png` },
      },
    });
  });

  it.each([
    ['the snapshot', {}, { rowSymbol: 'ROW', rowTimeframe: 'hourly' }, 'TSLA', 'daily'],
    [
      'the row',
      { symbol: ' ', timeframe: undefined },
      { rowSymbol: 'ROW', rowTimeframe: 'hourly' },
      'ROW',
      'hourly',
    ],
    ['nobody', { symbol: 7, timeframe: null }, {}, 'unknown', 'unknown'],
    [
      'somebody at length',
      { symbol: 'x'.repeat(300), timeframe: `${'y'.repeat(199)}\u{1f600}` },
      {},
      'x'.repeat(200),
      `${'y'.repeat(199)}\ufffd`,
    ],
  ])('is named by %s', async (_name, more, row, symbol, timeframe) => {
    expect(await named(more, row)).toMatchObject({ picture: { symbol, timeframe } });
  });

  it.each([
    ['absent', null],
    ['absent', []],
    ['absent', { bars: null }],
    ['unusable', { bars: [] }],
    ['unusable', { bars: 'none' }],
  ])('is none of %s bars: %o', async (kind, given) => {
    expect(await pictureOf(chartSource({ snapshot: given }), 'charts')).toMatchObject({ kind });
  });
});

describe('fetchedAt', () => {
  it.each([
    ['2025-06-01T12:00:00Z', '2025-06-01T12:00:00.000Z'],
    ['2025-06-01T12:00:00', '2025-06-01T12:00:00.000Z'],
    ['2025-06-01 12:00:00', '2025-06-01T12:00:00.000Z'],
    ['2025-06-01T14:00:00+02:00', '2025-06-01T12:00:00.000Z'],
    ['2025-06-01T14:00:00+0200', '2025-06-01T12:00:00.000Z'],
    ['2025-06-01', '2025-06-01T00:00:00.000Z'],
    ['yesterday', undefined],
    ['', undefined],
    [7, undefined],
  ])('%s', (fetched_at, time) => {
    expect(fetchedAt({ fetched_at })?.toISOString()).toBe(time);
  });

  it.each([null, undefined, 'text', {}])('is unknown of %o', (given) => {
    expect(fetchedAt(given)).toBeNull();
  });
});
