import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { renderKey, renderObjectRef } from '../../../src/image/picture.ts';

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
