import { createHash } from 'node:crypto';
import { crc32, deflateSync } from 'node:zlib';
import { encode } from 'fast-png';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withoutLabel } from '../../scripts/seed/without-label.ts';
import { chartArtifact, makeBars } from '../support/bars.ts';
import { multipartBody } from '../support/multipart.ts';
import { readPixels } from '../support/reference-pixels.ts';
import { BUCKET, SERVICE_TOKEN, startStack, type Stack } from '../support/stack.ts';

interface Wire {
  id: number;
  chart_data: Record<string, unknown> | null;
  metadata: { market_data_snapshot: Record<string, unknown> };
  [name: string]: unknown;
}
interface Problem {
  code: string;
  errors?: { field: string; message: string }[];
}

let stack: Stack;

beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.close());

async function created(body: unknown, headers: Record<string, string> = {}): Promise<Wire> {
  const response = await stack.send('POST', '/api/artifacts', body, headers);
  expect(response.status).toBe(201);
  return (await response.json()) as Wire;
}

async function read(id: number): Promise<Wire> {
  return (await (await stack.fetch(`/api/artifacts/${id}`)).json()) as Wire;
}

async function problem(response: Response) {
  const { code, errors } = (await response.json()) as Problem;
  return [response.status, code, errors?.map((error) => error.field)];
}

describe('POST /api/artifacts', () => {
  it('stores a row and says where it is', async () => {
    const response = await stack.send('POST', '/api/artifacts', {
      name: 'Analysis',
      type: 'llm',
      symbol: 'TSLA',
      prompt: 'What now? 🚀',
      response: 'Wait.',
      confidence: 85,
      signal_data: { a: 1, nested: { deep: [1, 2] } },
    });
    const artifact = (await response.json()) as Wire;
    expect(response.status).toBe(201);
    expect(response.headers.get('location')).toBe(`/api/artifacts/${artifact.id}`);
    expect(artifact).toMatchObject({
      prompt_length: 11,
      response_length: 5,
      confidence: 0.85,
      run_id: null,
    });
    expect(artifact['created_at']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00$/);
    expect(await read(artifact.id)).toEqual(artifact);
  });

  it.each([
    [0, 0],
    [0.5, 0.5],
    [1, 1],
    [1.5, 0.02],
    [100, 1],
  ])('reads a confidence of %s as %s', async (given, stored) => {
    expect((await created({ name: 'x', type: 'signal', confidence: given }))['confidence']).toBe(
      stored,
    );
  });

  it.each<[string, unknown, string[]]>([
    ['no name', { type: 'chart' }, ['name']],
    ['unknown columns', { name: 'x', type: 'chart', id: 1, colour: 'red' }, ['id', 'colour']],
    ['a wrong type', { name: 'x', type: 'photo' }, ['type']],
    [
      'too long',
      { name: 'x'.repeat(256), type: 'chart', symbol: 'y'.repeat(51) },
      ['name', 'symbol'],
    ],
    ['confidence above 100', { name: 'x', type: 'signal', confidence: 101 }, ['confidence']],
    ['U+0000', { name: 'a\0b', type: 'chart' }, ['name']],
    ['chart_data no object', { name: 'x', type: 'chart', chart_data: [1] }, ['chart_data']],
    ['not an object', [1], ['body']],
  ])('names the bad fields: %s', async (_name, body, fields) => {
    expect(await problem(await stack.send('POST', '/api/artifacts', body))).toEqual([
      422,
      'invalid_input',
      fields,
    ]);
  });

  it('takes 255 characters outside of the BMP', async () => {
    expect((await created({ name: '🚀'.repeat(255), type: 'llm' }))['name']).toBe('🚀'.repeat(255));
  });

  it('refuses U+0000 deep inside of JSON without a 500', async () => {
    const response = await stack.send('POST', '/api/artifacts', {
      name: 'x',
      type: 'chart',
      metadata: { a: 'b\0c' },
    });
    expect([response.status, ((await response.json()) as Problem).code]).toEqual([
      422,
      'invalid_input',
    ]);
  });

  it.each([
    ['half JSON', '{"name":', 'application/json', 400, 'invalid_request'],
    ['not UTF-8', new Uint8Array([0x22, 0xff, 0x22]), 'application/json', 400, 'invalid_request'],
    ['a form', 'name=x', 'application/x-www-form-urlencoded', 415, 'unsupported_media_type'],
    [
      'too large',
      `{"name":"${'x'.repeat(4_000_001)}"}`,
      'application/json',
      413,
      'payload_too_large',
    ],
    ['a broken multipart', 'no parts', 'multipart/form-data; boundary=x', 400, 'invalid_request'],
  ])('refuses %s', async (_name, body, type, status, code) => {
    const headers = { authorization: `Bearer ${SERVICE_TOKEN}`, 'content-type': type };
    const response = await stack.fetch('/api/artifacts', {
      method: 'POST',
      headers,
      body: body as BodyInit,
    });
    expect([response.status, ((await response.json()) as Problem).code]).toEqual([status, code]);
  });
});

describe('an uploaded image', () => {
  const bars = makeBars(60, 7);
  let png: Uint8Array<ArrayBuffer>;

  beforeAll(async () => {
    const { id } = await created(chartArtifact(bars));
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
    const artifact = (await response.json()) as Wire;
    expect(response.status).toBe(201);
    const image = await stack.fetch(`/api/artifacts/${artifact.id}/image`);
    expect(image.headers.get('x-chart-freshness')).toBe('attached');
    expect(new Uint8Array(await image.arrayBuffer())).toEqual(png);
    expect(artifact.chart_data).toMatchObject({ timeframe: 'daily', indicators: ['SMA'] });
  });

  it('is replaced when it shows other bars', async () => {
    const artifact = (await (await multipart(chartArtifact(makeBars(60, 8)), png)).json()) as Wire;
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
    const first = (await (await multipart(chartArtifact(bars), png, headers)).json()) as Wire;
    const again = await multipart(chartArtifact(bars), png, headers);
    expect([again.status, again.headers.get('idempotent-replayed')]).toEqual([201, 'true']);
    expect(((await again.json()) as Wire).id).toBe(first.id);
    expect((await multipart(chartArtifact(bars), png.slice(), { ...headers })).status).toBe(201);
    expect((await multipart(chartArtifact(bars), null, headers)).status).toBe(422);
  });
});

describe('Idempotency-Key', () => {
  const key = { 'idempotency-key': 'once' };
  const body = { name: 'once', type: 'signal' };

  it('makes one artifact of many concurrent requests', async () => {
    const responses = await Promise.all(
      Array.from({ length: 8 }, () => stack.send('POST', '/api/artifacts', body, key)),
    );
    const statuses = responses.map((response) => response.status);
    expect(statuses.filter((status) => status !== 201 && status !== 409)).toEqual([]);
    expect(statuses).toContain(201);
    expect(await stack.query("select 1 from artifacts where name = 'once'")).toHaveLength(1);
    expect(
      (await stack.send('POST', '/api/artifacts', body, key)).headers.get('idempotent-replayed'),
    ).toBe('true');
  });

  it('refuses the key for another body', async () => {
    const response = await stack.send('POST', '/api/artifacts', { ...body, symbol: 'X' }, key);
    expect(await problem(response)).toEqual([422, 'idempotency_mismatch', ['Idempotency-Key']]);
  });

  it('answers 409 while the first is running, and goes on when it crashed', async () => {
    const running = { 'idempotency-key': 'running' };
    const { id } = await created({ ...body, name: 'again' }, running);
    await stack.query(
      "update idempotency_key set status = 'running', artifact_id = null, locked_until = now() + interval '9 s' where key = 'running'",
    );
    const busy = await stack.send('POST', '/api/artifacts', { ...body, name: 'again' }, running);
    expect([busy.status, busy.headers.get('retry-after')]).toEqual([409, '2']);
    await stack.query(
      "update idempotency_key set locked_until = now() - interval '1 s' where key = 'running'",
    );
    expect((await created({ ...body, name: 'again' }, running)).id).not.toBe(id);
  });

  it('forgets after 24 hours', async () => {
    await stack.query(
      "update idempotency_key set created_at = now() - interval '25 h' where key = 'once'",
    );
    expect(
      (await stack.send('POST', '/api/artifacts', { ...body, symbol: 'NEW' }, key)).status,
    ).toBe(201);
  });

  it('gives the key back after a failure', async () => {
    const bad = { name: 'x', type: 'chart', metadata: { a: 'b\0c' } };
    expect(
      (await stack.send('POST', '/api/artifacts', bad, { 'idempotency-key': 'failed' })).status,
    ).toBe(422);
    expect(await stack.query("select 1 from idempotency_key where key = 'failed'")).toEqual([]);
  });
});

describe('GET /api/artifacts', () => {
  beforeAll(async () => {
    for (const [symbol, type] of [
      ['AAA', 'chart'],
      ['AAA', 'signal'],
      ['BBB', 'chart'],
    ] as const) {
      await created({
        ...chartArtifact(makeBars(3, 1)),
        name: 'listed',
        type,
        symbol,
        workflow_id: 'list-test',
        signal_data: { artifact_type: 'order' },
      });
    }
  });
  const list = async (query: string) =>
    (await (await stack.fetch(`/api/artifacts?workflow_id=list-test${query}`)).json()) as {
      artifacts: Wire[];
      total: number;
    };

  it('filters, counts all, and shows the newest first', async () => {
    const all = await list('');
    expect([all.total, all.artifacts.map((artifact) => artifact['symbol'])]).toEqual([
      3,
      ['BBB', 'AAA', 'AAA'],
    ]);
    expect(await list('&limit=1')).toMatchObject({ total: 3, artifacts: [{ symbol: 'BBB' }] });
    expect((await list('&symbol=AAA&type=chart')).total).toBe(1);
    expect((await list('&type=order')).artifacts.map((artifact) => artifact['type'])).toEqual([
      'signal',
    ]);
    expect((await list('&type=trade')).total).toBe(0);
  });

  it('leaves bars out unless asked', async () => {
    const [short] = (await list('&limit=1')).artifacts;
    expect(short?.metadata.market_data_snapshot).toEqual({
      symbol: 'TEST',
      timeframe: 'daily',
      fetched_at: '2020-01-01T00:00:00Z',
    });
    const [long] = (await list('&limit=1&include=bars')).artifacts;
    expect(long?.metadata.market_data_snapshot['bars']).toHaveLength(3);
  });

  it.each(['limit=501', 'limit=0', 'limit=x', 'type=photo', 'colour=red', 'include=everything'])(
    'refuses %s by name',
    async (query) => {
      expect(await problem(await stack.fetch(`/api/artifacts?${query}`))).toEqual([
        422,
        'invalid_input',
        [query.split('=')[0]],
      ]);
    },
  );

  it('shows rows of any shape that somebody else stored', async () => {
    await stack.query(
      "insert into artifacts (name, type, workflow_id, chart_data, signal_data, artifact_metadata) values ('odd', 'photo', 'odd', 'null', '[1]', '\"text\"'), ('odd', 'chart', 'odd', '[]', '1', '{\"market_data_snapshot\": []}')",
    );
    const response = await stack.fetch('/api/artifacts?workflow_id=odd');
    expect(response.status).toBe(200);
    const { artifacts } = (await response.json()) as { artifacts: Wire[] };
    expect(artifacts.map((artifact) => artifact.metadata)).toEqual([
      { market_data_snapshot: [] },
      'text',
    ]);
    expect((await stack.fetch(`/api/artifacts/${artifacts[0]?.id}/image`)).status).toBe(409);
  });

  it('answers 304 to a weak ETag', async () => {
    const first = await stack.fetch('/api/artifacts?workflow_id=list-test');
    const etag = first.headers.get('etag') ?? '';
    expect(etag).toMatch(/^W\/"/);
    expect(
      (
        await stack.fetch('/api/artifacts?workflow_id=list-test', {
          headers: { 'if-none-match': etag },
        })
      ).status,
    ).toBe(304);
  });
});

describe('PATCH and DELETE', () => {
  it('merges objects one level deep, both of two patches at once', async () => {
    const { id } = await created({
      name: 'x',
      type: 'chart',
      chart_data: { keep: 1, nested: { a: 1 } },
    });
    await Promise.all([
      stack.send('PATCH', `/api/artifacts/${id}`, { chart_data: { left: 1 } }),
      stack.send('PATCH', `/api/artifacts/${id}`, { chart_data: { right: 1, nested: { b: 2 } } }),
    ]);
    const artifact = await read(id);
    expect(artifact.chart_data).toEqual({ keep: 1, left: 1, right: 1, nested: { b: 2 } });
    expect(artifact['updated_at']).not.toBeNull();
  });

  it('replaces a stored JSON null or array, clears with null, and recounts', async () => {
    const { id } = await created({ name: 'x', type: 'llm', response: 'long' });
    await stack.query(
      "update artifacts set chart_data = 'null', signal_data = '[1]' where id = $1",
      [id],
    );
    const response = await stack.send('PATCH', `/api/artifacts/${id}`, {
      chart_data: { a: 1 },
      signal_data: { b: 2 },
      response: null,
      symbol: 'NEW',
    });
    expect(await response.json()).toMatchObject({
      chart_data: { a: 1 },
      signal_data: { b: 2 },
      response: null,
      response_length: null,
      symbol: 'NEW',
    });
  });

  it('names bad fields and unknown rows', async () => {
    const { id } = await created({ name: 'x', type: 'llm' });
    const patch = (body: unknown, target: number | string = id) =>
      stack.send('PATCH', `/api/artifacts/${target}`, body);
    expect(await problem(await patch({ colour: 'red' }))).toEqual([
      422,
      'invalid_input',
      ['colour'],
    ]);
    expect(await problem(await patch({ name: null }))).toEqual([422, 'invalid_input', ['name']]);
    expect(await problem(await patch({}))).toEqual([422, 'invalid_input', ['body']]);
    expect((await patch({ symbol: 'X' }, 2147483647)).status).toBe(404);
    expect((await patch({ symbol: 'X' }, '2147483648')).status).toBe(404);
  });

  it('removes an artifact with its image, and leaves an image that others show', async () => {
    const bars = makeBars(60, 77);
    const [one, two] = [await created(chartArtifact(bars)), await created(chartArtifact(bars))];
    await stack.fetch(`/api/artifacts/${one.id}/image`);
    await stack.fetch(`/api/artifacts/${two.id}/image`);
    const url = String((await read(one.id)).chart_data?.['minio_url']);
    const ref = { bucket: BUCKET, key: new URL(url).pathname.replace(`/${BUCKET}/`, '') };
    expect((await stack.send('DELETE', `/api/artifacts/${one.id}`)).status).toBe(204);
    expect((await stack.fetch(`/api/artifacts/${one.id}`)).status).toBe(404);
    expect((await stack.fetch(`/api/artifacts/${one.id}/image`)).status).toBe(404);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(await stack.store.head(ref)).not.toBeNull();
    expect((await stack.send('DELETE', `/api/artifacts/${two.id}`)).status).toBe(204);
    await expect.poll(() => stack.store.head(ref), { timeout: 5_000 }).toBeNull();
    expect((await stack.send('DELETE', `/api/artifacts/${two.id}`)).status).toBe(404);
  });
});

describe('the data behind a chart', () => {
  const bars = makeBars(60, 11);
  let id: number;
  beforeAll(async () => {
    ({ id } = await created(chartArtifact(bars.toReversed())));
  });

  it('is offered as indicators, unrounded and aligned', async () => {
    const body = (await (await stack.fetch(`/api/artifacts/${id}/indicators`)).json()) as {
      dates: string[];
      series: Record<string, (number | null)[]>;
      stats: Record<string, { latest: number; max: number }>;
      description: string;
    };
    expect(Object.keys(body.series)).toEqual(
      'open high low close volume sma_20 sma_50 sma_200 bb_upper bb_median bb_lower st_values st_direction macd_line signal_line histogram rsi obv atr'.split(
        ' ',
      ),
    );
    expect(new Set(Object.values(body.series).map((series) => series.length))).toEqual(
      new Set([60]),
    );
    expect(body.dates).toEqual(bars.map((bar) => bar.date));
    const mean = bars.slice(0, 20).reduce((sum, bar) => sum + bar.close, 0) / 20;
    expect(body.series['sma_20']?.[18]).toBeNull();
    expect(body.series['sma_20']?.[19]).toBeCloseTo(mean, 9);
    expect(body.stats['close']).toMatchObject({
      latest: bars[59]?.close,
      max: Math.max(...bars.map((bar) => bar.close)),
    });
    expect(body.description).toContain('TEST');
  });

  it('is offered as bars, newest first', async () => {
    const body = await (await stack.fetch(`/api/artifacts/${id}/market-data?limit=2`)).json();
    expect(body).toEqual({ symbol: 'TEST', count: 2, data: [bars[59], bars[58]] });
    const all = (await (await stack.fetch(`/api/artifacts/${id}/market-data`)).json()) as {
      count: number;
    };
    expect(all.count).toBe(50);
    expect((await stack.fetch(`/api/artifacts/${id}/market-data?limit=0`)).status).toBe(422);
  });

  it('is offered as a file', async () => {
    const response = await stack.fetch(`/api/artifacts/${id}/download`);
    expect(response.headers.get('content-disposition')).toBe(
      `attachment; filename="artifact-${id}.json"`,
    );
    expect(((await response.json()) as Wire).metadata.market_data_snapshot['bars']).toHaveLength(
      60,
    );
  });

  it('says what is missing', async () => {
    const { id: none } = await created(chartArtifact(null));
    const { id: bad } = await created(chartArtifact([bars[0]]));
    expect((await stack.fetch(`/api/artifacts/${none}/indicators`)).status).toBe(409);
    expect(await (await stack.fetch(`/api/artifacts/${none}/market-data`)).json()).toMatchObject({
      count: 0,
      data: [],
    });
    expect((await stack.fetch(`/api/artifacts/${bad}/indicators`)).status).toBe(422);
    expect((await stack.fetch(`/api/artifacts/${bad}/market-data`)).status).toBe(422);
    expect((await stack.fetch('/api/artifacts/2147483647/indicators')).status).toBe(404);
  });
});

describe('verification', () => {
  const bars = makeBars(60, 21);
  let id: number;
  let png: Uint8Array<ArrayBuffer>;
  const verify = async (bytes: Uint8Array<ArrayBuffer>, type = 'image/png') =>
    stack.fetch('/api/verify', { method: 'POST', headers: { 'content-type': type }, body: bytes });

  beforeAll(async () => {
    ({ id } = await created(chartArtifact(bars, { run_id: 'run-1' })));
    png = new Uint8Array(await (await stack.fetch(`/api/artifacts/${id}/image`)).arrayBuffer());
  });

  it('says that the stored image matches the bars', async () => {
    const body = await (await stack.fetch(`/api/artifacts/${id}/verify`)).json();
    expect(body).toMatchObject({
      artifact_id: id,
      matches: true,
      freshness: 'verified',
      reason: 'bytes_of_the_ledger',
      row: { bars: 'usable', bar_count: 60 },
      object: {
        kind: 'png',
        pixels_match_claim: true,
        sha256: createHash('sha256').update(png).digest('hex'),
      },
      ledger: { bar_count: 60 },
    });
  });

  it('says what a PNG from anywhere shows', async () => {
    expect(await (await verify(png)).json()).toMatchObject({
      verdict: 'verified',
      pixels_match_claim: true,
      renders: [{ bar_count: 60 }],
      artifacts: [
        { artifact_id: id, run_id: 'run-1', execution_id: '2025-11-15 13:54:31.981650+00:00' },
      ],
    });
  });

  it('knows a picture whose label was removed, and one with a changed pixel', async () => {
    expect(await (await verify(withoutLabel(png))).json()).toMatchObject({
      verdict: 'same_pixels',
      claims: null,
      artifacts: [{ artifact_id: id }],
    });
    const { width, height, rgba } = readPixels(png);
    const changed = new Uint8Array(rgba);
    changed[4 * (width * 200 + 300)] = (changed[4 * (width * 200 + 300)] ?? 0) ^ 1;
    const encoded = new Uint8Array(encode({ width, height, data: changed, channels: 4 }));
    expect(await (await verify(encoded)).json()).toMatchObject({
      verdict: 'unknown',
      renders: [],
      artifacts: [],
    });
    expect(await (await verify(withLabelOf(encoded, png))).json()).toMatchObject({
      verdict: 'altered',
      pixels_match_claim: false,
    });
  });

  it('knows a label that belongs to another picture', async () => {
    const other = await created(chartArtifact(makeBars(60, 22)));
    const otherPng = new Uint8Array(
      await (await stack.fetch(`/api/artifacts/${other.id}/image`)).arrayBuffer(),
    );
    expect(await (await verify(withLabelOf(withoutLabel(png), otherPng))).json()).toMatchObject({
      verdict: 'relabelled',
      artifacts: [{ artifact_id: id }],
    });
  });

  it('refuses a PNG that would fill the memory', async () => {
    const bomb = pngOf(4_000, 4_000, deflateSync(Buffer.alloc(300_000_000)));
    const response = await verify(bomb);
    expect([413, 422]).toContain(response.status);
    expect(
      (await verify(pngOf(50_000, 50_000, deflateSync(Buffer.alloc(1_000))))).status,
    ).toBeGreaterThanOrEqual(413);
    expect((await stack.fetch('/healthz')).status).toBe(200);
  });

  it('refuses what is no PNG', async () => {
    expect((await verify(new Uint8Array([1, 2, 3]))).status).toBe(422);
    expect((await verify(png.slice(0, -1))).status).toBe(422);
    expect((await verify(png, 'text/plain')).status).toBe(415);
    expect((await verify(new Uint8Array(10_000_001))).status).toBe(413);
  });
});

it('describes itself', async () => {
  const document = (await (await stack.fetch('/openapi.json')).json()) as {
    openapi: string;
    components: { schemas: object };
    paths: Record<string, object>;
  };
  expect(document.openapi).toBe('3.1.0');
  const names = [...JSON.stringify(document).matchAll(/#\/components\/schemas\/(\w+)/g)].map(
    (match) => match[1],
  );
  expect(names).toContain('NewArtifact');
  expect(names.filter((name) => !(String(name) in document.components.schemas))).toEqual([]);
  expect(
    Object.entries(document.paths)
      .flatMap(([path, item]) => Object.keys(item).map((method) => `${method} ${path}`))
      .toSorted(),
  ).toEqual([
    'delete /api/artifacts/{id}',
    'get /api/artifacts',
    'get /api/artifacts/stats/summary',
    'get /api/artifacts/{id}',
    'get /api/artifacts/{id}/download',
    'get /api/artifacts/{id}/image',
    'get /api/artifacts/{id}/indicators',
    'get /api/artifacts/{id}/market-data',
    'get /api/artifacts/{id}/verify',
    'get /api/executions',
    'get /api/executions/{execution_id}',
    'get /api/lineage/status',
    'get /api/renders/{render_key}/image',
    'get /healthz',
    'get /metrics',
    'get /readyz',
    'patch /api/artifacts/{id}',
    'post /api/artifacts',
    'post /api/lineage/attach',
    'post /api/lineage/repair',
    'post /api/verify',
  ]);
});

/** The label chunk of `donor` in `png`, before its first data chunk. */
function withLabelOf(
  png: Uint8Array<ArrayBuffer>,
  donor: Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> {
  const header = 8 + 25;
  const label = chunksOf(donor).find((chunk) => chunk.subarray(4, 8).toString('latin1') === 'iTXt');
  return new Uint8Array(
    Buffer.concat([png.subarray(0, header), label ?? Buffer.alloc(0), png.subarray(header)]),
  );
}

function chunksOf(png: Uint8Array<ArrayBuffer>): Buffer[] {
  const file = Buffer.from(png);
  const chunks: Buffer[] = [];
  for (let at = 8; at < file.byteLength; at += file.readUInt32BE(at) + 12) {
    chunks.push(file.subarray(at, at + file.readUInt32BE(at) + 12));
  }
  return chunks;
}

/** A grey 8-bit PNG of this size around any data. */
function pngOf(width: number, height: number, data: Buffer): Uint8Array<ArrayBuffer> {
  const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0]);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  const chunk = (type: string, body: Buffer) => {
    const typed = Buffer.concat([Buffer.from(type, 'latin1'), body]);
    const frame = Buffer.alloc(8);
    frame.writeUInt32BE(body.byteLength, 0);
    frame.writeUInt32BE(crc32(typed), 4);
    return Buffer.concat([frame.subarray(0, 4), typed, frame.subarray(4)]);
  };
  const signature = Buffer.from('89504e470d0a1a0a', 'hex');
  return new Uint8Array(
    Buffer.concat([
      signature,
      chunk('IHDR', header),
      chunk('IDAT', data),
      chunk('IEND', Buffer.alloc(0)),
    ]),
  );
}
