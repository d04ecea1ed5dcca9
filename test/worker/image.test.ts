import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadChartAssets } from '../../scripts/seed/load-chart-assets.ts';
import { withoutLabel } from '../../scripts/seed/without-label.ts';
import { parseBars } from '../../src/bars/parse-bars.ts';
import { DEFAULT_SPEC } from '../../src/chart/chart-spec.ts';
import { createChartRenderer } from '../../src/chart/render-chart.ts';
import { readProvenance } from '../../src/png/provenance.ts';
import { makeBars, type RawBar } from '../support/bars.ts';
import { attach, bytesOf, image, named, postChart } from '../support/picture-calls.ts';
import { sha256, snapshotHash } from '../support/reference-hashes.ts';
import { readPixels, referencePixelHash } from '../support/reference-pixels.ts';
import { BUCKET, startStack, type Stack } from '../support/stack.ts';

let stack: Stack;
let seed = 0;

beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.close());

/** Posts a chart over bars that nothing has drawn before. */
const post = (
  more: Record<string, unknown> = {},
  bars: unknown = makeBars(60, (seed += 1)),
): Promise<number> => postChart(stack, bars, more);

function pixelHash(bytes: Uint8Array<ArrayBuffer>): string | null {
  return referencePixelHash(readPixels(bytes));
}

async function rowOf(id: number) {
  const [row] = await stack.query<{ chart_data: Record<string, string>; image_path: string }>(
    'select chart_data, image_path from artifacts where id = $1',
    [id],
  );
  if (row === undefined) throw new Error(`no row ${id}`);
  return row;
}

describe('a missing image', () => {
  const bars = makeBars(120, 4242);
  let id: number;
  let png: Uint8Array<ArrayBuffer>;
  let key: string;

  it('is drawn once, proved, stored, and served to everybody', async () => {
    id = await post(
      {
        chart_data: {
          timeframe: 'daily',
          minio_url: `http://localhost:9000/${BUCKET}/charts/gone.png`,
        },
      },
      bars,
    );
    const responses = await Promise.all(Array.from({ length: 20 }, () => image(stack, id)));
    const bodies = await Promise.all(responses.map(bytesOf));
    expect(new Set(responses.map((response) => response.status))).toEqual(new Set([200]));
    expect(new Set(bodies.map(sha256)).size).toBe(1);
    png = bodies[0] ?? new Uint8Array();
    const first = responses[0];
    expect(first?.headers.get('content-type')).toBe('image/png');
    expect(first?.headers.get('content-disposition')).toBe(`inline; filename="chart-${id}.png"`);
    expect(first?.headers.get('cache-control')).toBe('public, max-age=3600');
    expect(first?.headers.get('x-content-type-options')).toBe('nosniff');
    expect(first?.headers.get('content-security-policy')).toBe("default-src 'none'");
    expect(first?.headers.get('x-chart-snapshot')).toBe(snapshotHash(bars));
    expect(first?.headers.get('content-length')).toBe(String(png.byteLength));
    key = (first?.headers.get('etag') ?? '').replaceAll('"', '');
    expect(key).toMatch(/^[0-9a-f]{32}$/);
    const draws = stack.worker.getLogs().filter((log) => log.message.includes('image.regenerated'));
    expect(
      draws.filter((log) => log.message.includes(key) && log.message.includes('"drawn":true')),
    ).toHaveLength(1);
  });

  it('says in the PNG what it shows', () => {
    const provenance = readProvenance(png);
    expect(provenance).toMatchObject({
      snapshot_sha256: snapshotHash(bars),
      render_key: key,
      pixel_sha256: pixelHash(png),
      symbol: 'TEST',
      timeframe: 'daily',
      bar_count: 120,
    });
  });

  it('has the render key and the pixels that anybody can recompute', async () => {
    const provenance = readProvenance(png);
    const { snapshot_sha256, symbol, timeframe, spec, renderer } = provenance ?? {};
    const json = canonicalize({ snapshot_sha256, symbol, timeframe, spec, renderer }) ?? '';
    expect(createHash('sha256').update(json).digest('hex').slice(0, 32)).toBe(key);
    const inNode = createChartRenderer(await loadChartAssets());
    const again = await inNode.render({
      bars: parseBars(bars),
      symbol: 'TEST',
      timeframe: 'daily',
      snapshotSha256: snapshotHash(bars),
      renderKey: key,
      spec: DEFAULT_SPEC,
    });
    expect(again.pixelSha256).toBe(pixelHash(png));
  });

  it('lies in the bucket with its hashes, is in the ledger once, and the row points at it', async () => {
    const objectKey = `charts/TEST/daily/${key}.png`;
    const object = await stack.store.get({ bucket: BUCKET, key: objectKey });
    expect(object && sha256(object.bytes)).toBe(sha256(png));
    expect(object?.metadata).toMatchObject({
      'snapshot-sha256': snapshotHash(bars),
      'pixel-sha256': pixelHash(png),
    });
    const ledger = await stack.query('select * from chart_render where render_key = $1', [key]);
    expect(ledger).toHaveLength(1);
    expect(ledger[0]).toMatchObject({
      snapshot_sha256: snapshotHash(bars),
      png_sha256: sha256(png),
      pixel_sha256: pixelHash(png),
      object_key: objectKey,
      byte_size: png.byteLength,
      bar_count: 120,
    });
    expect(
      await stack.query('select reason from artifact_render where artifact_id = $1', [id]),
    ).toEqual([{ reason: 'missing' }]);
    const row = await rowOf(id);
    expect(row.chart_data).toMatchObject({
      timeframe: 'daily',
      minio_url: `${stack.s3.url}/${BUCKET}/${objectKey}`,
      previous_minio_url: `http://localhost:9000/${BUCKET}/charts/gone.png`,
    });
    expect(row.image_path).toBe(row.chart_data['minio_url']);
  });

  it('comes from the edge the next time, and from the store when the edge is empty', async () => {
    expect(named(await image(stack, id))).toEqual([200, 'edge', 'verified']);
    await stack.emptyEdge();
    const response = await image(stack, id);
    expect(named(response)).toEqual([200, 'store', 'verified']);
    expect(sha256(await bytesOf(response))).toBe(sha256(png));
  });

  it('answers 304, HEAD and ranges', async () => {
    const etag = `"${key}"`;
    const unchanged = await image(stack, id, { 'if-none-match': `"x", W/${etag}` });
    expect([
      unchanged.status,
      unchanged.headers.get('etag'),
      (await bytesOf(unchanged)).byteLength,
    ]).toEqual([304, etag, 0]);
    const head = await stack.fetch(`/api/artifacts/${id}/image`, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length'), head.headers.get('etag')]).toEqual([
      200,
      String(png.byteLength),
      etag,
    ]);
    const part = await image(stack, id, { range: 'bytes=10-19' });
    expect([part.status, part.headers.get('content-range')]).toEqual([
      206,
      `bytes 10-19/${png.byteLength}`,
    ]);
    expect(await bytesOf(part)).toEqual(png.slice(10, 20));
    const suffix = await image(stack, id, { range: 'bytes=-5' });
    expect(await bytesOf(suffix)).toEqual(png.slice(-5));
    const beyond = await image(stack, id, { range: `bytes=${png.byteLength}-` });
    expect([beyond.status, beyond.headers.get('content-range')]).toEqual([
      416,
      `bytes */${png.byteLength}`,
    ]);
    expect((await image(stack, id, { range: 'bytes=0-9', 'if-range': '"other"' })).status).toBe(
      200,
    );
  });

  it('is immutable under its own key and under no other', async () => {
    expect((await image(stack, id, {}, `?v=${key}`)).headers.get('cache-control')).toBe(
      'public, max-age=31536000, immutable',
    );
    expect((await image(stack, id, {}, '?v=other')).headers.get('cache-control')).toBe(
      'public, max-age=3600',
    );
  });

  it('shares its picture with another artifact of the same bars', async () => {
    const twin = await post({}, bars.toReversed());
    const response = await image(stack, twin);
    expect(named(response)).toEqual([200, 'store', 'verified']);
    expect(sha256(await bytesOf(response))).toBe(sha256(png));
    expect((await rowOf(twin)).chart_data['minio_url']).toBe(
      (await rowOf(id)).chart_data['minio_url'],
    );
    expect(
      (await stack.query('select 1 from artifact_render where render_key = $1', [key])).length,
    ).toBe(2);
  });

  it('is another picture when the bars change', async () => {
    const changed = [
      ...bars.slice(0, -1),
      { ...makeBars(120, 4242).slice(-1)[0], volume: 1 } as RawBar,
    ];
    const snapshot = { symbol: 'TEST', timeframe: 'daily', bars: changed };
    await stack.send('PATCH', `/api/artifacts/${id}`, {
      metadata: { market_data_snapshot: snapshot },
    });
    const response = await image(stack, id);
    expect(named(response)).toEqual([200, 'rendered', 'regenerated']);
    expect(response.headers.get('x-chart-snapshot')).toBe(snapshotHash(changed));
    expect(response.headers.get('etag')).not.toBe(`"${key}"`);
  });
});

describe('what cannot be drawn', () => {
  const good = makeBars(5, 99);
  const first = good[0];
  async function problem(id: number | string) {
    const response = await stack.fetch(`/api/artifacts/${id}/image`);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(response.headers.get('cache-control')).toBe('no-store');
    const body = (await response.json()) as { code: string; errors?: { field: string }[] };
    return [response.status, body.code, body.errors?.[0]?.field];
  }

  it.each(['999999', '0', '-1', '2147483648', '99999999999999999999', 'abc', '1e3'])(
    '404 for artifact %s',
    async (id) => {
      expect(await problem(id)).toEqual([404, 'not_found', undefined]);
    },
  );

  it('400 for what is not a chart', async () => {
    const response = await stack.send('POST', '/api/artifacts', {
      name: 'Analysis',
      type: 'llm',
      response: 'text',
    });
    expect(await problem(((await response.json()) as { id: number }).id)).toEqual([
      400,
      'not_a_chart',
      undefined,
    ]);
  });

  it('409 when there is neither image nor bars', async () => {
    expect(await problem(await post({ metadata: { market_data_snapshot: null } }))).toEqual([
      409,
      'nothing_to_draw',
      undefined,
    ]);
  });

  it('409 when the image is broken and there are no bars', async () => {
    const id = await post({ metadata: { market_data_snapshot: null } });
    await attach(stack, id, 'broken/no-bars.png', new TextEncoder().encode('nothing'));
    expect(await problem(id)).toEqual([409, 'nothing_to_draw', undefined]);
  });

  it.each<[string, unknown, string]>([
    ['null', [{ ...first, close: null }, good[1]], 'bars[0].close'],
    ['NaN as text', [{ ...first, close: 'NaN' }, good[1]], 'bars[0].close'],
    ['a string', [first, { ...good[1], open: '1.5' }], 'bars[1].open'],
    ['high below low', [first, { ...good[1], high: 1, low: 2 }], 'bars[1].high'],
    ['a duplicate time', [first, { ...good[1], date: first?.date }], 'bars[1]'],
    ['1 bar', [first], 'bars'],
    ['5,001 bars', makeBars(5_001, 5), 'bars'],
    ['no array', 'bars', 'bars'],
  ])('422 for %s', async (_name, bars, field) => {
    const id = await post({}, bars);
    expect(await problem(id)).toEqual([
      422,
      'unusable_bars',
      `metadata.market_data_snapshot.${field}`,
    ]);
  });

  it('serves an intact image although the bars are unusable', async () => {
    const png = withoutLabel(await bytesOf(await image(stack, await post())));
    const id = await post({}, [first]);
    await attach(stack, id, 'plain/unusable-bars.png', png);
    expect(named(await image(stack, id))).toEqual([200, 'store', 'unverified']);
  });
});
