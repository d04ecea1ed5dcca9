import { deflateSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pngChunk } from '../../src/png/chunk.ts';
import { chartArtifact, makeBars } from '../support/bars.ts';
import { multipartBody } from '../support/multipart.ts';
import { image, postChart, sendPng } from '../support/picture-calls.ts';
import { assemble, chunksOf, rewrite } from '../support/png-forgery.ts';
import { BUCKET, SERVICE_TOKEN, startStack, type Stack } from '../support/stack.ts';
import { JPEGS } from '../unit/jpeg/jpeg-fixtures.ts';
import { pngFixture } from '../unit/png/png-fixture.ts';

let stack: Stack;
let seed = 4_800;

beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.close());

describe('an image is decoded whole before it is stored or called anything', () => {
  const size = { width: 20, height: 20, colourType: 0 };
  const good = () => Buffer.alloc(21 * 20);
  const withData = (data: Uint8Array, form: { width: number; height: number } = size) => {
    const fixture = pngFixture({ ...size, ...form, raw: good() });
    return rewrite(fixture, 'IDAT', () => data);
  };
  const wrongAdler = () => {
    const data = deflateSync(good());
    data[data.length - 1] = (data.at(-1) ?? 0) ^ 1;
    return withData(data);
  };
  const wrongFilter = () => {
    const rows = good();
    rows[21] = 9;
    return withData(deflateSync(rows));
  };
  const damaged: [string, () => Uint8Array<ArrayBuffer>][] = [
    ['a broken deflate stream', () => withData(Buffer.from('not deflate at all'))],
    ['a wrong Adler-32', wrongAdler],
    ['short data', () => withData(deflateSync(Buffer.alloc(21 * 19)))],
    ['long data', () => withData(deflateSync(Buffer.alloc(21 * 21)))],
    ['filter 9', wrongFilter],
    [
      'a colour that the palette does not have',
      () =>
        assemble([
          ...chunksOf(pngFixture({ ...size, colourType: 3, raw: good() })).flatMap(
            ({ type }, _, all) => (type === 'IHDR' ? [headerOf(all)] : []),
          ),
          pngChunk('PLTE', Buffer.alloc(3)),
          pngChunk(
            'IDAT',
            deflateSync(Buffer.alloc(21 * 20, 1).map((byte, i) => (i % 21 === 0 ? 0 : byte))),
          ),
          pngChunk('IEND', new Uint8Array(0)),
        ]),
    ],
    [
      '65,535 x 65,535 with ten bytes',
      () => withData(Buffer.alloc(10), { width: 65_535, height: 65_535 }),
    ],
  ];
  function headerOf(chunks: readonly { type: string; data: Uint8Array }[]): Uint8Array {
    return pngChunk('IHDR', chunks.find(({ type }) => type === 'IHDR')?.data ?? new Uint8Array());
  }

  const upload = async (bytes: Uint8Array<ArrayBuffer>) => {
    const { contentType, body } = await multipartBody(chartArtifact(makeBars(40, 9)), bytes);
    return stack.fetch('/api/artifacts', {
      method: 'POST',
      headers: { authorization: `Bearer ${SERVICE_TOKEN}`, 'content-type': contentType },
      body,
    });
  };

  it.each(damaged)('%s is refused as an upload and by /api/verify', async (_name, make) => {
    const response = await upload(make());
    expect([413, 422]).toContain(response.status);
    const problem = (await response.json()) as { errors: { field: string }[] };
    expect(problem.errors.map(({ field }) => field)).toEqual(['image']);
    expect([413, 422]).toContain((await sendPng(stack, make())).status);
  });

  it('a JPEG without the end of its data is refused, whole ones are not', async () => {
    const [whole] = Object.values(JPEGS);
    if (whole === undefined) throw new Error('there are JPEGs');
    expect((await upload(whole)).status).toBe(201);
    const cut = new Uint8Array(Buffer.concat([whole.subarray(0, -40), Buffer.from([0xff, 0xd9])]));
    expect((await upload(cut)).status).toBe(422);
  });

  it.each(damaged.slice(0, -1))(
    '%s in the store is stale, whatever it claims',
    async (_name, make) => {
      const artifact = await postChart(stack, makeBars(45, (seed += 1)));
      const { row } = (await (await stack.fetch(`/api/artifacts/${artifact}/verify`)).json()) as {
        row: { snapshot_sha256: string };
      };
      const ref = { bucket: BUCKET, key: `made/${artifact}.png` };
      await stack.store.put(ref, make(), {
        contentType: 'image/png',
        metadata: { 'snapshot-sha256': row.snapshot_sha256 },
      });
      await stack.send('PATCH', `/api/artifacts/${artifact}`, {
        image_path: `s3://${BUCKET}/${ref.key}`,
      });
      const verified = await (await stack.fetch(`/api/artifacts/${artifact}/verify`)).json();
      expect(verified).toMatchObject({ freshness: 'stale', reason: 'damaged', matches: false });
      const served = await image(stack, artifact);
      expect(served.headers.get('x-chart-freshness')).toBe('regenerated');
    },
  );

  it('what has more pixels than are decoded is unverified, never damaged, whatever it claims', async () => {
    const artifact = await postChart(stack, makeBars(45, 11));
    const { row } = (await (await stack.fetch(`/api/artifacts/${artifact}/verify`)).json()) as {
      row: { snapshot_sha256: string };
    };
    const huge = pngFixture({
      width: 4_001,
      height: 4_000,
      depth: 1,
      colourType: 0,
      raw: Buffer.alloc(502 * 4_000),
    });
    const ref = { bucket: BUCKET, key: `made/${artifact}.png` };
    await stack.store.put(ref, huge, {
      contentType: 'image/png',
      metadata: { 'snapshot-sha256': row.snapshot_sha256 },
    });
    await stack.send('PATCH', `/api/artifacts/${artifact}`, {
      image_path: `s3://${BUCKET}/${ref.key}`,
    });
    expect(await (await stack.fetch(`/api/artifacts/${artifact}/verify`)).json()).toMatchObject({
      freshness: 'unverified',
      reason: 'too_large_to_check',
      matches: false,
    });
    const served = await image(stack, artifact);
    expect([served.status, served.headers.get('x-chart-freshness')]).toEqual([200, 'unverified']);
    expect((await upload(huge)).status).toBe(413);
  });
});
