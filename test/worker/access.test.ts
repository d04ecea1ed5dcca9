import { afterAll, beforeAll, expect, it } from 'vitest';
import { withoutLabel } from '../../scripts/seed/without-label.ts';
import { chartArtifact, makeBars } from '../support/bars.ts';
import { BUCKET, SERVICE_TOKEN, startStack, type Stack } from '../support/stack.ts';

const bearer = { authorization: `Bearer ${SERVICE_TOKEN}` };
let stack: Stack;

beforeAll(async () => {
  stack = await startStack({ READ_ACCESS: 'token', UNVERIFIED_OBJECTS: 'regenerate' });
});
afterAll(() => stack.close());

async function post(seed: number): Promise<number> {
  const response = await stack.send('POST', '/api/artifacts', chartArtifact(makeBars(60, seed)));
  return ((await response.json()) as { id: number }).id;
}

it('keeps images private when reads need a token, edge and 304 included', async () => {
  const id = await post(1);
  const path = `/api/artifacts/${id}/image`;
  const first = await stack.fetch(path, { headers: bearer });
  expect([first.status, first.headers.get('cache-control')]).toEqual([
    200,
    'private, max-age=3600',
  ]);
  const etag = first.headers.get('etag') ?? '';
  expect((await stack.fetch(path)).status).toBe(401);
  expect((await stack.fetch(path, { headers: { 'if-none-match': etag } })).status).toBe(401);
  expect((await stack.fetch(path, { headers: { ...bearer, 'if-none-match': etag } })).status).toBe(
    304,
  );
});

it('redraws unverified images when it is told to', async () => {
  const png = new Uint8Array(
    await (
      await stack.fetch(`/api/artifacts/${await post(2)}/image`, { headers: bearer })
    ).arrayBuffer(),
  );
  const id = await post(3);
  await stack.store.put({ bucket: BUCKET, key: 'plain.png' }, withoutLabel(png), {
    contentType: 'image/png',
  });
  await stack.send('PATCH', `/api/artifacts/${id}`, {
    chart_data: { minio_url: `s3://${BUCKET}/plain.png` },
  });
  const response = await stack.fetch(`/api/artifacts/${id}/image`, { headers: bearer });
  expect(response.headers.get('x-chart-freshness')).toBe('regenerated');
  expect(
    await stack.query('select reason from artifact_render where artifact_id = $1', [id]),
  ).toEqual([{ reason: 'unverified' }]);
});
