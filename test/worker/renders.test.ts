import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeBars } from '../support/bars.ts';
import { bytesOf, image, postChart } from '../support/picture-calls.ts';
import { labelOf } from '../support/png-forgery.ts';
import { BUCKET, startStack, type Stack } from '../support/stack.ts';

const BARS = makeBars(60, 4_711);
const OTHER_BARS = makeBars(70, 4_712);
let stack: Stack;
let id: number;
let otherId: number;
let png: Uint8Array<ArrayBuffer>;
let otherPng: Uint8Array<ArrayBuffer>;
let key: string;

beforeAll(async () => {
  stack = await startStack();
  id = await postChart(stack, BARS);
  otherId = await postChart(stack, OTHER_BARS);
  png = await bytesOf(await image(stack, id));
  otherPng = await bytesOf(await image(stack, otherId));
  key = String(labelOf(png)['render_key']);
});
afterAll(() => stack.close());

describe('GET /api/renders/{render_key}/image', () => {
  const render = (name: string, init?: RequestInit) =>
    stack.fetch(`/api/renders/${name}/image`, init);

  it('is the file that was drawn, for ever', async () => {
    const response = await render(key);
    expect(response.status).toBe(200);
    expect(response.headers.get('etag')).toBe(`"${key}"`);
    expect(response.headers.get('cache-control')).toContain('immutable');
    expect(response.headers.get('x-chart-snapshot')).toBe(labelOf(png)['snapshot_sha256']);
    expect(
      createHash('sha256')
        .update(await bytesOf(response))
        .digest('hex'),
    ).toBe(
      createHash('sha256')
        .update(await bytesOf(await image(stack, id)))
        .digest('hex'),
    );
    expect((await render(key, { headers: { 'if-none-match': `"${key}"` } })).status).toBe(304);
    const part = await render(key, { headers: { range: 'bytes=0-7' } });
    expect([part.status, part.headers.get('content-length')]).toEqual([206, '8']);
    const head = await render(key, { method: 'HEAD' });
    expect([head.status, (await bytesOf(head)).length]).toEqual([200, 0]);
  });

  it('is drawn anew when it was lost, and never somebody else’s bytes', async () => {
    const [row] = await stack.query<{ object_key: string }>(
      'select object_key from chart_render where render_key = $1',
      [key],
    );
    const ref = { bucket: BUCKET, key: row?.object_key ?? '' };
    await stack.store.put(ref, otherPng, { contentType: 'image/png' });
    await stack.emptyEdge();
    const response = await render(key);
    expect(response.status).toBe(200);
    expect(labelOf(await bytesOf(response))['render_key']).toBe(key);
  });

  it('is 412 for another If-Match, and 304 for who has it, with the store down as well', async () => {
    expect((await render(key, { headers: { 'if-match': '"other"' } })).status).toBe(412);
    await stack.stopStore();
    try {
      expect((await render(key, { headers: { 'if-none-match': `"${key}"` } })).status).toBe(304);
    } finally {
      await stack.startStore();
    }
  });

  it('is gone with an artifact that was deleted while it was drawn', async () => {
    const doomed = await postChart(stack, makeBars(2_000, 4_990));
    const drawing = image(stack, doomed);
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect((await stack.send('DELETE', `/api/artifacts/${doomed}`)).status).toBe(204);
    const drawn = await drawing;
    if (drawn.status !== 200) return;
    const left = String(labelOf(await bytesOf(drawn))['render_key']);
    const rows = () =>
      stack.query('select 1 from artifact_render where artifact_id = $1', [doomed]);
    await expect.poll(rows, { timeout: 20_000 }).toEqual([]);
    await stack.emptyEdge();
    expect((await render(left)).status).toBe(404);
  });

  it('is 404 for what nobody drew, and for what is gone with its bars', async () => {
    expect((await render('f'.repeat(32))).status).toBe(404);
    expect((await render('nonsense')).status).toBe(404);
    const lost = await postChart(stack, makeBars(60, 4_713));
    const lostKey = String(labelOf(await bytesOf(await image(stack, lost)))['render_key']);
    const [row] = await stack.query<{ object_key: string }>(
      'select object_key from chart_render where render_key = $1',
      [lostKey],
    );
    await stack.store.delete({ bucket: BUCKET, key: row?.object_key ?? '' });
    await stack.query('delete from artifacts where id = $1', [lost]);
    await stack.emptyEdge();
    const gone = await render(lostKey);
    expect(gone.status).toBe(404);
    expect(((await gone.json()) as { detail: string }).detail).toContain(
      'no artifact has its bars',
    );
  });
});
