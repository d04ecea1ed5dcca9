import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import canonicalize from 'canonicalize';
import { loadChartAssets } from '../../scripts/seed/load-chart-assets.ts';
import { DEFAULT_SPEC } from '../../src/chart/chart-spec.ts';
import { parseBars } from '../../src/bars/parse-bars.ts';
import { createChartRenderer } from '../../src/chart/render-chart.ts';
import { readProvenance } from '../../src/png/provenance.ts';
import { TINY_JPEG } from '../../scripts/seed/tiny-jpeg.ts';
import { withoutLabel } from '../../scripts/seed/without-label.ts';
import { chartArtifact, makeBars, type RawBar } from '../support/bars.ts';
import { readPixels, referencePixelHash } from '../support/reference-pixels.ts';
import { BUCKET, startStack, type Stack } from '../support/stack.ts';

let stack: Stack;
let seed = 0;

beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.close());

/** Posts a chart over bars that nothing has drawn before. */
async function post(
  more: Record<string, unknown> = {},
  bars: unknown = makeBars(60, (seed += 1)),
): Promise<number> {
  const response = await stack.send('POST', '/api/artifacts', chartArtifact(bars, more));
  expect(response.status).toBe(201);
  return ((await response.json()) as { id: number }).id;
}

const image = (id: number, headers: Record<string, string> = {}, query = '') =>
  stack.fetch(`/api/artifacts/${id}/image${query}`, { headers });
const bytesOf = async (response: Response) => new Uint8Array(await response.arrayBuffer());
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const named = (response: Response) => [
  response.status,
  response.headers.get('x-chart-source'),
  response.headers.get('x-chart-freshness'),
];

/** The snapshot hash as docs/chart.md tells anybody to compute it. */
function snapshotHash(bars: RawBar[]): string {
  const hash = createHash('sha256').update('chartproof-bars-v1\n');
  for (const bar of bars) {
    const row = Buffer.alloc(48);
    [Date.parse(bar.date), bar.open, bar.high, bar.low, bar.close, bar.volume].forEach((value, i) =>
      row.writeDoubleBE(value, i * 8),
    );
    hash.update(row);
  }
  return hash.digest('hex');
}

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

/** The key in the bucket that the row names. */
async function keyOf(id: number): Promise<string> {
  return new URL((await rowOf(id)).chart_data['minio_url'] ?? '').pathname.replace(
    `/${BUCKET}/`,
    '',
  );
}

/** Points a row at a key and puts bytes there. */
async function attach(
  id: number,
  key: string,
  bytes: Uint8Array<ArrayBuffer> | null,
  metadata: Record<string, string> = {},
) {
  if (bytes !== null)
    await stack.store.put({ bucket: BUCKET, key }, bytes, { contentType: 'image/png', metadata });
  await stack.send('PATCH', `/api/artifacts/${id}`, {
    chart_data: { minio_url: `${stack.s3.url}/${BUCKET}/${key}` },
  });
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
    const responses = await Promise.all(Array.from({ length: 20 }, () => image(id)));
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
    expect(named(await image(id))).toEqual([200, 'edge', 'verified']);
    await stack.emptyEdge();
    const response = await image(id);
    expect(named(response)).toEqual([200, 'store', 'verified']);
    expect(sha256(await bytesOf(response))).toBe(sha256(png));
  });

  it('answers 304, HEAD and ranges', async () => {
    const etag = `"${key}"`;
    const unchanged = await image(id, { 'if-none-match': `"x", W/${etag}` });
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
    const part = await image(id, { range: 'bytes=10-19' });
    expect([part.status, part.headers.get('content-range')]).toEqual([
      206,
      `bytes 10-19/${png.byteLength}`,
    ]);
    expect(await bytesOf(part)).toEqual(png.slice(10, 20));
    const suffix = await image(id, { range: 'bytes=-5' });
    expect(await bytesOf(suffix)).toEqual(png.slice(-5));
    const beyond = await image(id, { range: `bytes=${png.byteLength}-` });
    expect([beyond.status, beyond.headers.get('content-range')]).toEqual([
      416,
      `bytes */${png.byteLength}`,
    ]);
    expect((await image(id, { range: 'bytes=0-9', 'if-range': '"other"' })).status).toBe(200);
  });

  it('is immutable under its own key and under no other', async () => {
    expect((await image(id, {}, `?v=${key}`)).headers.get('cache-control')).toBe(
      'public, max-age=31536000, immutable',
    );
    expect((await image(id, {}, '?v=other')).headers.get('cache-control')).toBe(
      'public, max-age=3600',
    );
  });

  it('shares its picture with another artifact of the same bars', async () => {
    const twin = await post({}, bars.toReversed());
    const response = await image(twin);
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
    const response = await image(id);
    expect(named(response)).toEqual([200, 'rendered', 'regenerated']);
    expect(response.headers.get('x-chart-snapshot')).toBe(snapshotHash(changed));
    expect(response.headers.get('etag')).not.toBe(`"${key}"`);
  });
});

describe('what lies in the bucket', () => {
  const garbage = new TextEncoder().encode('<html>not an image</html>');
  let somebodysPng: Uint8Array<ArrayBuffer>;
  let plainPng: Uint8Array<ArrayBuffer>;

  beforeAll(async () => {
    somebodysPng = await bytesOf(await image(await post()));
    plainPng = withoutLabel(somebodysPng);
  });

  it('replaces garbage, a cut image and an empty object', async () => {
    for (const [i, bytes] of [garbage, somebodysPng.slice(0, -40), new Uint8Array()].entries()) {
      const id = await post();
      await attach(id, `broken/${i}.png`, bytes);
      expect(named(await image(id))).toEqual([200, 'rendered', 'regenerated']);
      expect(
        (
          await stack.query<{ reason: string }>(
            'select reason from artifact_render where artifact_id = $1',
            [id],
          )
        )[0]?.reason,
      ).toBe('stale');
    }
  });

  it('replaces a picture of other bars', async () => {
    const id = await post();
    await attach(id, 'others/labelled.png', somebodysPng);
    expect(named(await image(id))).toEqual([200, 'rendered', 'regenerated']);
  });

  it('replaces a picture that is older than its bars', async () => {
    const fetched_at = new Date(Date.now() + 3_600_000).toISOString();
    const bars = makeBars(60, (seed += 1));
    const id = await post({
      metadata: { market_data_snapshot: { symbol: 'TEST', timeframe: 'daily', fetched_at, bars } },
    });
    await attach(id, 'old/picture.png', plainPng);
    expect(named(await image(id))).toEqual([200, 'rendered', 'regenerated']);
  });

  it('serves an attached picture, for this artifact, under an ETag of its bytes', async () => {
    const bars = makeBars(60, (seed += 1));
    const id = await post({}, bars);
    await attach(id, 'attached/one.png', plainPng, { 'snapshot-sha256': snapshotHash(bars) });
    const response = await image(id);
    expect(named(response)).toEqual([200, 'store', 'attached']);
    expect(response.headers.get('etag')).toBe(`"${sha256(plainPng).slice(0, 32)}"`);
    expect(response.headers.get('x-chart-snapshot')).toBe(snapshotHash(bars));
    const twin = await post({}, bars);
    expect(named(await image(twin))).toEqual([200, 'rendered', 'regenerated']);
    expect(named(await image(id))).toEqual([200, 'edge', 'attached']);
  });

  it('serves an unverified PNG as what it is, and a JPEG with its own type', async () => {
    const id = await post();
    await attach(id, 'plain/one.png', plainPng);
    const response = await image(id);
    expect(named(response)).toEqual([200, 'store', 'unverified']);
    expect(response.headers.get('x-chart-snapshot')).toBeNull();
    const jpeg = await post();
    await attach(jpeg, 'plain/one.png.jpg', TINY_JPEG);
    const second = await image(jpeg);
    expect([...named(second), second.headers.get('content-type')]).toEqual([
      200,
      'store',
      'unverified',
      'image/jpeg',
    ]);
  });

  it.each([
    ['garbage', () => garbage],
    ['somebody’s picture', () => somebodysPng],
    ['a picture that claims our hash', () => plainPng],
  ])('restores its own object when it was replaced by %s', async (_name, replacement) => {
    const bars = makeBars(60, (seed += 1));
    const id = await post({}, bars);
    const original = await bytesOf(await image(id));
    const key = await keyOf(id);
    await stack.store.put({ bucket: BUCKET, key }, replacement(), {
      contentType: 'image/png',
      metadata: { 'snapshot-sha256': snapshotHash(bars) },
    });
    await stack.emptyEdge();
    const restored = await image(id);
    expect(named(restored)).toEqual([200, 'rendered', 'regenerated']);
    expect(sha256(await bytesOf(restored))).toBe(sha256(original));
    const object = await stack.store.get({ bucket: BUCKET, key });
    expect(object && sha256(object.bytes)).toBe(sha256(original));
    const [ledger] = await stack.query<{ png_sha256: string }>(
      'select png_sha256 from chart_render where object_key = $1',
      [key],
    );
    expect(ledger?.png_sha256).toBe(sha256(original));
  });
});

describe('where the row points', () => {
  let sink: Server;
  let requests = 0;

  beforeAll(async () => {
    sink = createServer((_request, response) => {
      requests += 1;
      response.end('caught');
    });
    await new Promise<void>((resolve) => sink.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => sink.close());

  it.each([
    [
      'a foreign host',
      () => `http://127.0.0.1:${(sink.address() as AddressInfo).port}/${BUCKET}/charts/x.png`,
    ],
    ['a wrong bucket', () => `${stack.s3.url}/other-bucket/charts/x.png`],
    ['a dot-dot key', () => `${stack.s3.url}/${BUCKET}/../other-bucket/x.png`],
    ['an encoded dot-dot key', () => `${stack.s3.url}/${BUCKET}/%2e%2e/other-bucket/x.png`],
    ['a local path', () => '/opt/airflow/charts/x.png'],
    ['another protocol', () => 'file:///etc/passwd'],
    [
      'credentials in the host',
      () => `http://user:pw@127.0.0.1:${(sink.address() as AddressInfo).port}/${BUCKET}/x.png`,
    ],
  ])('never leaves for %s, and draws', async (_name, url) => {
    const id = await post({ chart_data: { minio_url: url() } });
    expect(named(await image(id))).toEqual([200, 'rendered', 'regenerated']);
    expect(requests).toBe(0);
  });

  it('reads metadata.minio_url and image_path when there is nothing better', async () => {
    const png = await bytesOf(await image(await post()));
    await stack.store.put({ bucket: BUCKET, key: 'named/elsewhere.png' }, withoutLabel(png), {
      contentType: 'image/png',
    });
    const url = `https://minio.example.com/${BUCKET}/named/elsewhere.png?X-Amz-Signature=abc`;
    const byMetadata = await post({
      metadata: { minio_url: url, market_data_snapshot: { bars: makeBars(60, (seed += 1)) } },
    });
    expect(named(await image(byMetadata))).toEqual([200, 'store', 'unverified']);
    const byPath = await post({ image_path: `s3://${BUCKET}/named/elsewhere.png` });
    expect(named(await image(byPath))).toEqual([200, 'store', 'unverified']);
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
    await attach(id, 'broken/no-bars.png', new TextEncoder().encode('nothing'));
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
    const png = withoutLabel(await bytesOf(await image(await post())));
    const id = await post({}, [first]);
    await attach(id, 'plain/unusable-bars.png', png);
    expect(named(await image(id))).toEqual([200, 'store', 'unverified']);
  });
});
