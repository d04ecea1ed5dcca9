import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startStack, type Stack } from '../support/stack.ts';

const ORIGIN = 'https://app.example.com';
const READS = 'GET, HEAD, OPTIONS';
let stack: Stack;

beforeAll(async () => {
  stack = await startStack({ CORS_ORIGINS: ORIGIN });
});
afterAll(() => stack.close());

/** Without a client that knows methods. */
async function raw(
  method: string,
  path: string,
): Promise<{ status: number; allow: string | undefined }> {
  const { url } = stack.worker;
  const answer = await new Promise<string>((resolve, reject) => {
    const socket = connect(Number(url.port), url.hostname);
    let text = '';
    socket.on('data', (data) => (text += data.toString()));
    socket.on('close', () => resolve(text)).on('error', reject);
    socket.write(
      `${method} ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
    );
  });
  return {
    status: Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]),
    allow: /\r\nallow: ([^\r]*)/i.exec(answer)?.[1],
  };
}

const PATHS: [string, string][] = [
  ['/healthz', READS],
  ['/readyz', READS],
  ['/openapi.json', READS],
  ['/api/artifacts', 'GET, HEAD, OPTIONS, POST'],
  ['/api/artifacts/stats/summary', READS],
  ['/api/artifacts/1', 'DELETE, GET, HEAD, OPTIONS, PATCH'],
  ['/api/artifacts/nonsense', 'DELETE, GET, HEAD, OPTIONS, PATCH'],
  ['/api/artifacts/1/image', READS],
  ['/api/artifacts/1/verify', READS],
  ['/api/artifacts/1/download', READS],
  ['/api/artifacts/1/indicators', READS],
  ['/api/artifacts/1/market-data', READS],
  ['/api/verify', 'OPTIONS, POST'],
  ['/api/executions', READS],
  ['/api/executions/a%2Fb', READS],
  ['/api/lineage/status', READS],
  ['/api/lineage/repair', 'OPTIONS, POST'],
  ['/api/lineage/attach', 'OPTIONS, POST'],
];

describe('a method that a path does not know', () => {
  it.each(PATHS)('%s knows %s', async (path, allow) => {
    const known = new Set(allow.split(', '));
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].filter((m) => !known.has(m))) {
      const response = await stack.fetch(path, { method });
      expect([method, response.status, response.headers.get('allow')]).toEqual([
        method,
        405,
        allow,
      ]);
      expect(response.headers.get('content-type')).toBe('application/problem+json');
      expect(await response.json()).toMatchObject({ code: 'method_not_allowed', status: 405 });
    }
    const options = await stack.fetch(path, { method: 'OPTIONS' });
    expect([options.status, options.headers.get('allow')]).toEqual([204, allow]);
  });

  it.each(['TRACE', 'PROPFIND', 'SEARCH', 'QUERY', 'PURGE'])('%s is one, too', async (method) => {
    const answer = await raw(method, '/api/artifacts');
    expect(answer).toEqual({ status: 405, allow: 'GET, HEAD, OPTIONS, POST' });
  });

  it.each(['get', 'FROBNICATE', 'G E T', '\0', 'GET\u00e9', 'X'.repeat(5_000)])(
    '%j never reaches a route',
    async (method) => {
      const { status } = await raw(method, '/api/artifacts');
      expect([400, 405, 501]).toContain(status);
    },
  );

  it('HEAD of a path without GET is one', async () => {
    const response = await stack.fetch('/api/verify', { method: 'HEAD' });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'OPTIONS, POST']);
  });

  it('stays a 404 on an unknown path', async () => {
    for (const path of ['/', '/api', '/api/artifacts/1/else', '/healthz/x', '/api/unknown'])
      for (const method of ['GET', 'POST', 'DELETE', 'OPTIONS'])
        expect([path, method, (await stack.fetch(path, { method })).status]).toEqual([
          path,
          method,
          404,
        ]);
  });
});

describe('headers', () => {
  it('forbid sniffing on every answer', async () => {
    for (const [path, init] of [
      ['/healthz'],
      ['/readyz'],
      ['/openapi.json'],
      ['/api/artifacts'],
      ['/api/artifacts?colour=red'],
      ['/api/artifacts/999999'],
      ['/api/artifacts/999999/image'],
      ['/nowhere'],
      ['/healthz', { method: 'POST' }],
      ['/api/artifacts', { method: 'POST' }],
      ['/api/artifacts', { method: 'OPTIONS' }],
    ] as const)
      expect((await stack.fetch(path, init)).headers.get('x-content-type-options')).toBe('nosniff');
    const { headers } = await stack.fetch('/api/artifacts');
    const known = await stack.fetch('/api/artifacts', {
      headers: { 'if-none-match': headers.get('etag') ?? '' },
    });
    expect([known.status, known.headers.get('x-content-type-options')]).toEqual([304, 'nosniff']);
  });

  it('tell pages of other origins what they may read and send', async () => {
    const preflight = await stack.fetch('/api/artifacts/1', {
      method: 'OPTIONS',
      headers: {
        origin: ORIGIN,
        'access-control-request-method': 'PATCH',
        'access-control-request-headers': 'if-match',
      },
    });
    expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([
      204,
      ORIGIN,
    ]);
    expect(preflight.headers.get('access-control-allow-headers')?.split(',')).toContain('If-Match');
    expect(preflight.headers.get('access-control-allow-methods')?.split(',')).toContain('PATCH');
    for (const [path, init] of [
      ['/api/artifacts'],
      ['/api/artifacts', { method: 'PUT' }],
    ] as const) {
      const { headers } = await stack.fetch(path, { ...init, headers: { origin: ORIGIN } });
      expect(headers.get('access-control-allow-origin')).toBe(ORIGIN);
      const exposed = headers.get('access-control-expose-headers')?.split(',') ?? [];
      for (const name of ['ETag', 'Content-Disposition', 'Content-Range', 'Retry-After'])
        expect(exposed).toContain(name);
    }
  });
});

describe('query parameters', () => {
  it.each([
    ['/api/artifacts?__proto__=1', '__proto__'],
    ['/api/artifacts?%5F_proto__=1', '__proto__'],
    ['/api/artifacts/stats/summary?__proto__', '__proto__'],
    ['/api/artifacts?constructor=1', 'constructor'],
    ['/api/artifacts?created_after=2025-01-01T00:00%2B99:99', 'created_after'],
    ['/api/artifacts?created_after=infinity', 'created_after'],
    ['/api/artifacts?created_before=294277-01-01', 'created_before'],
    ['/api/artifacts?created_before=2025-02-30', 'created_before'],
    ['/api/artifacts?created_before=now', 'created_before'],
    ['/api/artifacts?q=%00', 'q'],
    ['/api/artifacts?limit=1e2', 'limit'],
    ['/api/artifacts/1/market-data?limit=0x10', 'limit'],
    ['/api/artifacts/1/market-data?limit=%205', 'limit'],
    ['/api/artifacts/1/market-data?limit=5&limit=6', 'limit'],
    ['/api/artifacts/1/market-data?limit=', 'limit'],
    ['/api/lineage/status?limit=1e2', 'limit'],
    ['/api/lineage/status?limit=5&limit=6', 'limit'],
  ])('%s names %s', async (path, field) => {
    const response = await stack.fetch(path);
    const { errors } = (await response.json()) as { errors: { field: string }[] };
    expect([response.status, errors.map((error) => error.field)]).toEqual([422, [field]]);
  });
});
