import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import type { HttpVariables } from '../../../src/http/http-env.ts';
import { requestContext } from '../../../src/http/request-id.ts';
import { createRoutePatterns } from '../../../src/http/request-line.ts';
import { createLog } from '../../../src/observability/log.ts';
import { createMetrics } from '../../../src/observability/metrics.ts';

const patterns = createRoutePatterns(
  [
    '/*',
    '/api/*',
    '/healthz',
    '/api/artifacts/stats/summary',
    '/api/artifacts/:id',
    '/api/artifacts/:id/image',
  ].map((path) => ({ path })),
);

it.each([
  ['/healthz', '/healthz'],
  ['/api/artifacts/7', '/api/artifacts/:id'],
  ['/api/artifacts/7/image', '/api/artifacts/:id/image'],
  ['/api/artifacts/stats/summary', '/api/artifacts/stats/summary'],
  ['/api/artifacts/%2e%2e%2f/image', '/api/artifacts/:id/image'],
  ['/api', '*'],
  ['/api/artifacts/7/image/more', '*'],
  ['/', '*'],
  ['//healthz', '*'],
])('%s is %s', (path, pattern) => {
  expect(patterns(path)).toBe(pattern);
});

/** workerd tells by the request's signal; its proxy in the embedded stack does not pass that on. */
describe('a client that hangs up', () => {
  function setUp() {
    const lines: Record<string, unknown>[] = [];
    const metrics = createMetrics();
    const log = createLog(
      {},
      (_level, line) => void lines.push(JSON.parse(line) as Record<string, unknown>),
    );
    const app = new Hono<{ Variables: HttpVariables }>();
    app.use(requestContext({ log, metrics, routes: () => createRoutePatterns(app.routes) }));
    let release = () => {};
    app.get('/slow/:id', async (c) => {
      await new Promise<void>((resolve) => (release = resolve));
      return c.text('late');
    });
    return { app, lines, metrics, release: () => release() };
  }

  it('leaves one line, and none when the work goes on to its end', async () => {
    const { app, lines, metrics, release } = setUp();
    const client = new AbortController();
    const answering = app.fetch(new Request('http://x/slow/5', { signal: client.signal }));
    await new Promise((resolve) => setTimeout(resolve));
    client.abort();
    expect(lines).toMatchObject([
      { route: '/slow/:id', status: 499, client_gone: true, method: 'GET' },
    ]);
    release();
    await answering;
    expect(lines).toHaveLength(1);
    expect(metrics.next()?.counts).toEqual([
      {
        name: 'http_request',
        labels: { method: 'GET', route: '/slow/:id', status: '4xx' },
        value: 1,
      },
      { name: 'client_gone', labels: {}, value: 1 },
    ]);
  });

  it('after it was answered leaves none more', async () => {
    const { app, lines, release } = setUp();
    const client = new AbortController();
    const answering = app.fetch(new Request('http://x/slow/5', { signal: client.signal }));
    await new Promise((resolve) => setTimeout(resolve));
    release();
    expect((await answering).status).toBe(200);
    client.abort();
    expect(lines).toMatchObject([{ status: 200 }]);
  });
});
