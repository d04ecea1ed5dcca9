import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TINY_JPEG } from '../../scripts/seed/tiny-jpeg.ts';
import { withoutLabel } from '../../scripts/seed/without-label.ts';
import { makeBars } from '../support/bars.ts';
import { attach, bytesOf, image, named, postChart } from '../support/picture-calls.ts';
import { sha256, snapshotHash } from '../support/reference-hashes.ts';
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

describe('what lies in the bucket', () => {
  const garbage = new TextEncoder().encode('<html>not an image</html>');
  let somebodysPng: Uint8Array<ArrayBuffer>;
  let plainPng: Uint8Array<ArrayBuffer>;

  beforeAll(async () => {
    somebodysPng = await bytesOf(await image(stack, await post()));
    plainPng = withoutLabel(somebodysPng);
  });

  it('replaces garbage, a cut image and an empty object', async () => {
    for (const [i, bytes] of [garbage, somebodysPng.slice(0, -40), new Uint8Array()].entries()) {
      const id = await post();
      await attach(stack, id, `broken/${i}.png`, bytes);
      expect(named(await image(stack, id))).toEqual([200, 'rendered', 'regenerated']);
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
    await attach(stack, id, 'others/labelled.png', somebodysPng);
    expect(named(await image(stack, id))).toEqual([200, 'rendered', 'regenerated']);
  });

  it('replaces a picture that is older than its bars', async () => {
    const fetched_at = new Date(Date.now() + 3_600_000).toISOString();
    const bars = makeBars(60, (seed += 1));
    const id = await post({
      metadata: { market_data_snapshot: { symbol: 'TEST', timeframe: 'daily', fetched_at, bars } },
    });
    await attach(stack, id, 'old/picture.png', plainPng);
    expect(named(await image(stack, id))).toEqual([200, 'rendered', 'regenerated']);
  });

  it('serves an attached picture, for this artifact, under an ETag of its bytes', async () => {
    const bars = makeBars(60, (seed += 1));
    const id = await post({}, bars);
    await attach(stack, id, 'attached/one.png', plainPng, {
      'snapshot-sha256': snapshotHash(bars),
    });
    const response = await image(stack, id);
    expect(named(response)).toEqual([200, 'store', 'attached']);
    expect(response.headers.get('etag')).toBe(`"${sha256(plainPng).slice(0, 32)}"`);
    expect(response.headers.get('x-chart-snapshot')).toBe(snapshotHash(bars));
    const twin = await post({}, bars);
    expect(named(await image(stack, twin))).toEqual([200, 'rendered', 'regenerated']);
    expect(named(await image(stack, id))).toEqual([200, 'edge', 'attached']);
  });

  it('serves an unverified PNG as what it is, and a JPEG with its own type', async () => {
    const id = await post();
    await attach(stack, id, 'plain/one.png', plainPng);
    const response = await image(stack, id);
    expect(named(response)).toEqual([200, 'store', 'unverified']);
    expect(response.headers.get('x-chart-snapshot')).toBeNull();
    const jpeg = await post();
    await attach(stack, jpeg, 'plain/one.png.jpg', TINY_JPEG);
    const second = await image(stack, jpeg);
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
    const original = await bytesOf(await image(stack, id));
    const key = await keyOf(id);
    await stack.store.put({ bucket: BUCKET, key }, replacement(), {
      contentType: 'image/png',
      metadata: { 'snapshot-sha256': snapshotHash(bars) },
    });
    await stack.emptyEdge();
    const restored = await image(stack, id);
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
    expect(named(await image(stack, id))).toEqual([200, 'rendered', 'regenerated']);
    expect(requests).toBe(0);
  });

  it('reads metadata.minio_url and image_path when there is nothing better', async () => {
    const png = await bytesOf(await image(stack, await post()));
    await stack.store.put({ bucket: BUCKET, key: 'named/elsewhere.png' }, withoutLabel(png), {
      contentType: 'image/png',
    });
    const url = `https://minio.example.com/${BUCKET}/named/elsewhere.png?X-Amz-Signature=abc`;
    const byMetadata = await post({
      metadata: { minio_url: url, market_data_snapshot: { bars: makeBars(60, (seed += 1)) } },
    });
    expect(named(await image(stack, byMetadata))).toEqual([200, 'store', 'unverified']);
    const byPath = await post({ image_path: `s3://${BUCKET}/named/elsewhere.png` });
    expect(named(await image(stack, byPath))).toEqual([200, 'store', 'unverified']);
  });
});
