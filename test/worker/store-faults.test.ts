import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { chartArtifact, makeBars } from '../support/bars.ts';
import { BUCKET, startStack, type Stack } from '../support/stack.ts';
import { startStoreProxy, type StoreFault, type StoreProxy } from '../support/store-proxy.ts';

let stack: Stack;
let proxy: StoreProxy;
let seed = 0;
/** By the name of their case. */
const stored = new Map<string, Stored>();

beforeAll(async () => {
  proxy = await startStoreProxy();
  stack = await startStack({ MINIO_ENDPOINT: proxy.url });
  proxy.target = stack.s3.url;
  for (const { name } of CASES) stored.set(name, await store());
  // One colo that has seen none of them.
  await stack.emptyEdge();
});
afterAll(async () => {
  await stack.close();
  await proxy.close();
});
afterEach(() => {
  proxy.fault = null;
});

const s3Error = (status: number, code: string): StoreFault => {
  const xml = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>no</Message></Error>`;
  return (_call, response) =>
    void response.writeHead(status, { 'content-type': 'application/xml' }).end(xml);
};
/** The first half of what the store sends, then nothing more. */
const half =
  (end: 'cut' | 'hang'): StoreFault =>
  (call, response, pass) => {
    if (call.method !== 'GET') return pass();
    pass((reply) => {
      response.writeHead(reply.statusCode ?? 502, reply.headers);
      let sent = 0;
      const until = Number(reply.headers['content-length'] ?? '0') / 2;
      reply.on('data', (chunk: Buffer) => {
        if (sent >= until) return;
        sent += chunk.length;
        response.write(chunk.subarray(0, Math.ceil(until)));
        if (sent >= until && end === 'cut') setTimeout(() => response.destroy(), 20);
      });
    });
  };

interface Case {
  readonly name: string;
  readonly fault: StoreFault;
  /** What a chart without bars, which only the store has, is answered with. */
  readonly status: 502 | 503;
}

const CASES: readonly Case[] = [
  { name: '500', fault: s3Error(500, 'InternalError'), status: 503 },
  { name: '503 SlowDown', fault: s3Error(503, 'SlowDown'), status: 503 },
  { name: '429', fault: s3Error(429, 'TooManyRequests'), status: 503 },
  { name: '403 with a wrong clock', fault: s3Error(403, 'RequestTimeTooSkewed'), status: 502 },
  { name: '403 with a wrong key', fault: s3Error(403, 'SignatureDoesNotMatch'), status: 502 },
  {
    name: '400 with a wrong region',
    fault: s3Error(400, 'AuthorizationHeaderMalformed'),
    status: 502,
  },
  { name: '404 without a bucket', fault: s3Error(404, 'NoSuchBucket'), status: 502 },
  {
    name: 'a redirect',
    fault: (_call, response) =>
      void response.writeHead(307, { location: 'http://127.0.0.1:9/' }).end(),
    status: 502,
  },
  {
    name: 'a 404 page of something else',
    fault: (_call, response) =>
      void response.writeHead(404, { 'content-type': 'text/html' }).end('<h1>?</h1>'),
    status: 502,
  },
  {
    name: 'a connection that is closed',
    fault: (_call, response) => void response.destroy(),
    status: 503,
  },
  { name: 'no answer at all', fault: () => {}, status: 503 },
  { name: 'a body that is cut', fault: half('cut'), status: 502 },
  { name: 'a body that stops', fault: half('hang'), status: 503 },
];

/** A picture in the store, and the two artifacts that show it. */
interface Stored {
  readonly png: Uint8Array;
  readonly key: string;
  readonly drawn: number;
  /** Only the store has what it shows. */
  readonly barless: number;
}

async function store(): Promise<Stored> {
  const drawn = await post(makeBars(30, 1_000 + (seed += 1)), null);
  const png = new Uint8Array(
    await (await stack.fetch(`/api/artifacts/${drawn}/image`)).arrayBuffer(),
  );
  const [row] = await stack.query<{ url: string }>(
    "select chart_data ->> 'minio_url' as url from artifacts where id = $1",
    [drawn],
  );
  const url = row?.url ?? '';
  const barless = await post(null, url);
  return { png, key: new URL(url).pathname.slice(`/${BUCKET}/`.length), drawn, barless };
}

async function post(bars: unknown, url: string | null): Promise<number> {
  const more = url === null ? {} : { chart_data: { minio_url: url } };
  const response = await stack.send('POST', '/api/artifacts', chartArtifact(bars, more));
  expect(response.status).toBe(201);
  return ((await response.json()) as { id: number }).id;
}

it.each(CASES)(
  '$name: a chart is drawn all the same, or says so, and is well when the store is',
  async ({ name, fault, status }) => {
    const { png, key, drawn, barless } = stored.get(name)!;

    proxy.fault = fault;
    const [withBars, refused] = await Promise.all(
      [drawn, barless].map((id) => stack.fetch(`/api/artifacts/${id}/image`)),
    );
    if (withBars === undefined || refused === undefined) throw new Error('two were asked for');
    expect(withBars.status).toBe(200);
    expect(new Uint8Array(await withBars.arrayBuffer())).toEqual(png);
    expect(withBars.headers.get('x-chart-source')).toBe('rendered');
    // Nobody keeps for long what was not stored.
    expect(withBars.headers.get('cache-control')).toMatch(/^private, max-age=\d{1,2}$/);
    expect(refused.status).toBe(status);
    expect(refused.headers.get('content-type')).toBe('application/problem+json');

    proxy.fault = null;
    for (const id of [drawn, barless]) {
      const mended = await stack.fetch(`/api/artifacts/${id}/image`);
      expect([mended.status, mended.headers.get('x-chart-source')]).toEqual([200, 'store']);
      expect(new Uint8Array(await mended.arrayBuffer())).toEqual(png);
    }
    // What lay there was neither replaced nor removed.
    expect((await stack.store.get({ bucket: BUCKET, key }))?.bytes).toEqual(png);
  },
);

it('keeps the picture when the store takes it and its answer is lost', async () => {
  const id = await post(makeBars(30, 2_000), null);
  let lost = 0;
  proxy.fault = (call, response, pass) => {
    if (call.method !== 'PUT' || lost > 0) return pass();
    lost += 1;
    pass((reply) => {
      reply.resume();
      reply.on('end', () => response.destroy());
    });
  };
  const response = await stack.fetch(`/api/artifacts/${id}/image`);
  const png = new Uint8Array(await response.arrayBuffer());
  expect(response.status).toBe(200);
  expect(lost).toBe(1);
  proxy.fault = null;
  await stack.emptyEdge();
  const again = await stack.fetch(`/api/artifacts/${id}/image`);
  expect(again.status).toBe(200);
  expect(again.headers.get('x-chart-freshness')).toMatch(/^(?:verified|regenerated)$/);
  expect(new Uint8Array(await again.arrayBuffer())).toEqual(png);
});
