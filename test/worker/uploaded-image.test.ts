import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { created, problem, type ArtifactWire } from '../support/artifact-calls.ts';
import { chartArtifact, makeBars } from '../support/bars.ts';
import { multipartBody } from '../support/multipart.ts';
import { SERVICE_TOKEN, startStack, type Stack } from '../support/stack.ts';

let stack: Stack;

beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.close());

describe('an uploaded image', () => {
  const bars = makeBars(60, 7);
  let png: Uint8Array<ArrayBuffer>;

  beforeAll(async () => {
    const { id } = await created(stack, chartArtifact(bars));
    png = new Uint8Array(await (await stack.fetch(`/api/artifacts/${id}/image`)).arrayBuffer());
  });

  function multipart(
    artifact: unknown,
    image: Uint8Array<ArrayBuffer> | null,
    headers: Record<string, string> = {},
  ) {
    return multipartBody(artifact, image).then(({ contentType, body }) =>
      stack.fetch('/api/artifacts', {
        method: 'POST',
        headers: {
          authorization: `Bearer ${SERVICE_TOKEN}`,
          'content-type': contentType,
          ...headers,
        },
        body,
      }),
    );
  }

  it('is stored with the hash of its bars and served as attached', async () => {
    const response = await multipart(chartArtifact(bars), png);
    const artifact = (await response.json()) as ArtifactWire;
    expect(response.status).toBe(201);
    const image = await stack.fetch(`/api/artifacts/${artifact.id}/image`);
    expect(image.headers.get('x-chart-freshness')).toBe('attached');
    expect(new Uint8Array(await image.arrayBuffer())).toEqual(png);
    expect(artifact.chart_data).toMatchObject({ timeframe: 'daily', indicators: ['SMA'] });
  });

  it('is replaced when it shows other bars', async () => {
    const artifact = (await (
      await multipart(chartArtifact(makeBars(60, 8)), png)
    ).json()) as ArtifactWire;
    const image = await stack.fetch(`/api/artifacts/${artifact.id}/image`);
    expect(image.headers.get('x-chart-freshness')).toBe('regenerated');
  });

  it('is refused when it is none, or belongs to no chart', async () => {
    expect(await problem(await multipart(chartArtifact(bars), png.slice(0, 100)))).toEqual([
      422,
      'invalid_input',
      ['image'],
    ]);
    expect(await problem(await multipart({ name: 'x', type: 'llm' }, png))).toEqual([
      422,
      'invalid_input',
      ['image'],
    ]);
    expect((await multipart(chartArtifact(bars), new Uint8Array(10_000_001))).status).toBe(413);
  });

  it('may be sent twice under one Idempotency-Key, whatever the boundary', async () => {
    const headers = { 'idempotency-key': 'upload-1' };
    const first = (await (
      await multipart(chartArtifact(bars), png, headers)
    ).json()) as ArtifactWire;
    const again = await multipart(chartArtifact(bars), png, headers);
    expect([again.status, again.headers.get('idempotent-replayed')]).toEqual([201, 'true']);
    expect(((await again.json()) as ArtifactWire).id).toBe(first.id);
    expect((await multipart(chartArtifact(bars), png.slice(), { ...headers })).status).toBe(201);
    expect((await multipart(chartArtifact(bars), null, headers)).status).toBe(422);
  });
});
