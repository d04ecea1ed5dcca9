import { afterAll, beforeAll, expect, it } from 'vitest';
import { chartArtifact, makeBars } from '../support/bars.ts';
import { BUCKET, startStack, type Stack } from '../support/stack.ts';

let stack: Stack;

beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.close());

async function post(bars: unknown, more: Record<string, unknown> = {}): Promise<number> {
  const response = await stack.send('POST', '/api/artifacts', chartArtifact(bars, more));
  expect(response.status).toBe(201);
  return ((await response.json()) as { id: number }).id;
}

async function problemOf(response: Response) {
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  return (await response.json()) as {
    status: number;
    code: string;
    request_id: string;
    detail: string;
  };
}

it('draws with the store down, hands it out briefly, and writes nothing', async () => {
  const withBars = await post(makeBars(60, 1), {
    chart_data: { minio_url: `${stack.s3.url}/${BUCKET}/charts/a.png` },
  });
  const without = await post(null, {
    chart_data: { minio_url: `${stack.s3.url}/${BUCKET}/charts/a.png` },
  });
  await stack.stopStore();
  try {
    const response = await stack.fetch(`/api/artifacts/${withBars}/image`);
    expect(response.status).toBe(200);
    expect(response.headers.get('cache-control')).toMatch(/^private, max-age=\d{1,2}$/);
    expect(response.headers.get('etag')).toMatch(/^W\/"[0-9a-f]{32}"$/);
    expect(response.headers.get('x-chart-source')).toBe('rendered');
    expect(new Uint8Array(await response.arrayBuffer()).slice(1, 4)).toEqual(
      new TextEncoder().encode('PNG'),
    );
    expect(
      await stack.query('select 1 from artifact_render where artifact_id = $1', [withBars]),
    ).toEqual([]);

    const refused = await stack.fetch(`/api/artifacts/${without}/image`);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5']);
    expect((await problemOf(refused)).code).toBe('store_unavailable');
    const ready = await stack.fetch('/readyz');
    expect(ready.status).toBe(503);
    expect(await ready.json()).toMatchObject({
      dependencies: { database: { ok: true }, store: { ok: false } },
    });
    expect((await stack.fetch('/healthz')).status).toBe(200);
  } finally {
    await stack.startStore();
  }
  const mended = await stack.fetch(`/api/artifacts/${withBars}/image`);
  expect([mended.status, mended.headers.get('x-chart-freshness')]).toEqual([200, 'regenerated']);
  expect(mended.headers.get('etag')).toMatch(/^"[0-9a-f]{32}"$/);
  expect((await stack.fetch('/readyz')).status).toBe(200);
});

it('says that the database is down, and goes on serving what the edge knows', async () => {
  const id = await post(makeBars(60, 2));
  expect((await stack.fetch(`/api/artifacts/${id}/image`)).status).toBe(200);
  await stack.stopDatabase();
  try {
    const known = await stack.fetch(`/api/artifacts/${id}/image`);
    expect([known.status, known.headers.get('x-chart-source')]).toEqual([200, 'edge']);
    const unknown = await stack.fetch(`/api/artifacts/${id + 1}/image`);
    expect([unknown.status, unknown.headers.get('retry-after')]).toEqual([503, '5']);
    expect((await problemOf(unknown)).code).toBe('database_unavailable');
    expect((await problemOf(await stack.fetch('/api/artifacts'))).code).toBe(
      'database_unavailable',
    );
    expect((await stack.fetch('/readyz')).status).toBe(503);
  } finally {
    await stack.startDatabase();
  }
  expect((await stack.fetch('/api/artifacts')).status).toBe(200);
});

it('works, without ledger, on a database that has only artifacts', async () => {
  const id = await post(makeBars(60, 3));
  await stack.query('alter table chart_render rename to chart_render_away');
  try {
    const read = await stack.fetch(`/api/artifacts/${id}`);
    expect(read.status).toBe(200);
    const response = await stack.fetch(`/api/artifacts/${id}/image`);
    expect(response.status).toBe(200);
    expect(response.headers.get('etag')).toMatch(/^W\//);
  } finally {
    await stack.query('alter table chart_render_away rename to chart_render');
  }
});

it('probes conditional writes by cron and shows the finding', async () => {
  await stack.worker.scheduled('*/5 * * * *');
  expect(await (await stack.fetch('/readyz')).json()).toMatchObject({
    status: 'ready',
    dependencies: { conditional_writes: { ok: true } },
  });
});

it('answers JSON problems everywhere, with the request id', async () => {
  const response = await stack.fetch('/api/nothing', { headers: { 'x-request-id': 'my-id' } });
  expect([response.status, response.headers.get('x-request-id')]).toEqual([404, 'my-id']);
  expect(await problemOf(response)).toMatchObject({ code: 'not_found', request_id: 'my-id' });
  const replaced = await stack.fetch('/healthz', { headers: { 'x-request-id': 'bad id {}' } });
  expect(replaced.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
});
