import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeBars } from '../support/bars.ts';
import { SERVICE_TOKEN, startStack, type Stack } from '../support/stack.ts';

let stack: Stack;
let artifactPath: string;

beforeAll(async () => {
  stack = await startStack();
  const response = await stack.send('POST', '/api/artifacts', { name: 'x', type: 'signal' });
  artifactPath = response.headers.get('location') ?? '';
});
afterAll(() => stack.close());

const send = (method: string, path: string, body: BodyInit, type = 'application/json') =>
  stack.fetch(path, {
    method,
    headers: { authorization: `Bearer ${SERVICE_TOKEN}`, 'content-type': type },
    body,
  });

/** The artifact part of a form, as a file without a type of its own. */
async function sendForm(json: string): Promise<Response> {
  const form = new FormData();
  form.set('artifact', new Blob([json]), 'artifact.json');
  const request = new Request('http://localhost/', { method: 'POST', body: form });
  const type = request.headers.get('content-type') ?? '';
  return send('POST', '/api/artifacts', await request.arrayBuffer(), type);
}

async function fields(response: Response) {
  const { errors } = (await response.json()) as { errors?: { field: string }[] };
  return [response.status, errors?.map(({ field }) => field)];
}

const nested = (levels: number) => '{"a":'.repeat(levels) + '1' + '}'.repeat(levels);

const HOSTILE: [string, string, string][] = [
  ['an integer beyond 2^53', '{"a":[1,12345678901234567890]}', 'metadata.a[1]'],
  ['2^53 + 1', '{"a":9007199254740993}', 'metadata.a'],
  ['an overflow', '{"a":{"b":-1e999}}', 'metadata.a.b'],
  ['__proto__', '{"a":[{"__proto__":{"admin":true}}]}', 'metadata.a[0].__proto__'],
  ['an escaped __proto__', '{"\\u005f\\u005fproto__":1}', 'metadata.__proto__'],
  [
    'constructor.prototype',
    '{"constructor":{"prototype":{"x":1}}}',
    'metadata.constructor.prototype',
  ],
  ['a name twice', '{"a":1,"a":2}', 'metadata.a'],
  ['U+0000', '{"a":{"b":"\\u0000"}}', 'metadata.a.b'],
  ['half a pair', '{"a":["\\ud800"]}', 'metadata.a[0]'],
  ['65 levels', nested(65), 'metadata'],
  ['7,000 levels', nested(7_000), 'metadata'],
  ['3 MB', `{"a":"${'x'.repeat(3_000_000)}"}`, 'metadata'],
  ['what PostgreSQL makes 60 MB of', `[${'1e300,'.repeat(200_000)}1]`, 'metadata'],
];

describe.each(HOSTILE)('%s', (_name, value, field) => {
  it('is refused by POST, PATCH and a form, and named', async () => {
    const body = `{"name":"x","type":"chart","metadata":${value}}`;
    expect(await fields(await send('POST', '/api/artifacts', body))).toEqual([422, [field]]);
    expect(await fields(await send('PATCH', artifactPath, `{"metadata":${value}}`))).toEqual([
      422,
      [field],
    ]);
    expect(await fields(await sendForm(body))).toEqual([422, [field]]);
  });
});

it.each([
  ['/api/lineage/repair', '{"limit":12345678901234567890}', 'limit'],
  ['/api/lineage/repair', '{"limit":1e999}', 'limit'],
  ['/api/lineage/repair', '{"limit":1,"limit":2}', 'limit'],
  ['/api/lineage/repair', '{"__proto__":{"limit":1}}', '__proto__'],
  ['/api/lineage/repair', `{"limit":${'['.repeat(3_999_000)}`, 'limit'],
  ['/api/lineage/repair', '{"checked_before":"2025-01-01T00:00:00+99:99"}', 'checked_before'],
  ['/api/lineage/repair', '{"checked_before":"infinity"}', 'checked_before'],
  ['/api/lineage/repair', '{"checked_before":"294277-01-01T00:00:00Z"}', 'checked_before'],
  ['/api/lineage/repair', '{"checked_before":"0000-01-01T00:00:00Z"}', 'checked_before'],
  ['/api/lineage/repair', '{"checked_before":"2025-02-30T00:00:00Z"}', 'checked_before'],
  [
    '/api/lineage/attach',
    `{"run_id":"a","artifact_ids":${'['.repeat(3_000)}${']'.repeat(3_000)}}`,
    'artifact_ids',
  ],
  ['/api/lineage/attach', '{"run_id":"a","artifact_ids":[9007199254740993]}', 'artifact_ids[0]'],
  ['/api/lineage/attach', '{"run_id":"a","run_id":"b","artifact_ids":[1]}', 'run_id'],
  [
    '/api/lineage/attach',
    '{"run_id":"a","execution_id":"\\u0000","workflow_id":""}',
    'execution_id',
  ],
])('%s refuses %.60s', async (path, body, field) => {
  expect(await fields(await send('POST', path, body))).toEqual([422, [field]]);
});

it('a repair takes any offset that a clock may have', async () => {
  for (const time of [
    '2025-01-01T00:00:00+23:59',
    '0001-01-01T23:59:00+23:00',
    '9999-12-31T00:00:00.123456Z',
  ]) {
    const response = await send(
      'POST',
      '/api/lineage/repair',
      JSON.stringify({ checked_before: time }),
    );
    expect([time, response.status]).toEqual([time, 200]);
  }
});

it('a body of 4 MB of brackets is refused at once, and the next request answered', async () => {
  for (const open of ['[', '{"metadata":', '{"metadata":[']) {
    const response = await send(
      'POST',
      '/api/artifacts',
      open.repeat(Math.floor(3_999_999 / open.length)),
    );
    expect(response.status).toBe(422);
  }
  expect((await stack.fetch('/healthz')).status).toBe(200);
});

it('names at most so many fields, and cuts their names', async () => {
  const body = `{${Array.from({ length: 5_000 }, (_, i) => `"${'k'.repeat(200)}${i}":1`).join(',')}}`;
  const response = await send('POST', '/api/artifacts', body);
  expect(response.status).toBe(422);
  expect((await response.text()).length).toBeLessThan(20_000);
});

it('keeps 5,000 bars, 64 levels and great numbers as they came', async () => {
  const metadata = {
    market_data_snapshot: { symbol: 'A', timeframe: 'daily', bars: makeBars(5_000, 1) },
    deep: JSON.parse(nested(63)),
    numbers: [9007199254740991, -9007199254740991, 0.1, 1e-7, 1.7976931348623157e308, 1e20],
    constructor: 'a builder',
    text: '"\\[[[{{{ 🚀',
  };
  // As Python writes it; JSON.stringify would write the digits.
  const body = JSON.stringify({ name: 'x', type: 'chart', metadata }).replace(
    '100000000000000000000',
    '1e+20',
  );
  const response = await send('POST', '/api/artifacts', body);
  expect(response.status).toBe(201);
  expect(((await response.json()) as { metadata: unknown }).metadata).toEqual(metadata);
});
