import { createServer, type Server } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { chartArtifact, makeBars } from '../support/bars.ts';
import { SERVICE_TOKEN, startStack, type Stack } from '../support/stack.ts';

let mlflow: Server;
let stack: Stack;

beforeAll(async () => {
  // An MLflow that never answers, so that reading takes a while.
  mlflow = createServer(() => {});
  await new Promise<void>((resolve) => mlflow.listen(0, '127.0.0.1', resolve));
  stack = await startStack({
    CORS_ORIGINS: 'https://app.example.com',
    MLFLOW_TRACKING_URI: `http://127.0.0.1:${(mlflow.address() as AddressInfo).port}`,
  });
});
afterAll(async () => {
  await stack.close();
  mlflow.closeAllConnections();
  mlflow.close();
});

interface Line {
  readonly event: string;
  readonly request_id: string;
  readonly method: string;
  readonly route: string;
  readonly status: number;
  readonly ms: number;
  readonly source?: string;
  readonly code?: string;
}

/** What the Worker has written for requests; all of it, as text, in `everything`. */
function lines(of: Stack = stack): Line[] {
  return of.worker
    .getLogs()
    .map(({ message }) => JSON.parse(message) as Line)
    .filter(({ event }) => event === 'request.answered');
}

const everything = () => stack.worker.getLogs().map(({ message }) => message);

/** Lines reach this process a moment after the answer. */
async function settled(count: number, of: Stack = stack): Promise<Line[]> {
  for (let look = 0; look < 500 && lines(of).length < count; look += 1) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return lines(of);
}

beforeEach(() => stack.worker.clearLogs());

describe('every request is one line', () => {
  it('of a picture: pattern, status, source and the id that was answered', async () => {
    const created = await stack.send('POST', '/api/artifacts', chartArtifact(makeBars(60, 1)));
    const { id } = (await created.json()) as { id: number };
    await settled(1);
    stack.worker.clearLogs();
    const image = await stack.fetch(`/api/artifacts/${id}/image?v=abc`);
    const etag = image.headers.get('etag') ?? '';
    await stack.fetch(`/api/artifacts/${id}/image`, {
      headers: { 'if-none-match': etag, 'x-request-id': 'mine-1' },
    });
    const [first, second, ...more] = await settled(2);
    const route = '/api/artifacts/:id/image';
    expect(first).toMatchObject({ method: 'GET', route, status: 200, source: 'rendered' });
    expect(first?.request_id).toBe(image.headers.get('x-request-id'));
    expect(first?.ms).toBeGreaterThanOrEqual(0);
    expect(second).toMatchObject({
      method: 'GET',
      route,
      status: 304,
      source: 'edge',
      request_id: 'mine-1',
    });
    expect(more).toEqual([]);
  });

  it.each<[string, string, string, RequestInit, Partial<Line>]>([
    ['unmatched', '/no/such/thing', '*', {}, { status: 404, code: 'not_found' }],
    [
      'a preflight',
      '/api/artifacts/7/image',
      '/api/artifacts/:id/image',
      {
        method: 'OPTIONS',
        headers: { origin: 'https://app.example.com', 'access-control-request-method': 'GET' },
      },
      { status: 204 },
    ],
    ['another method', '/api/verify', '/api/verify', { method: 'DELETE' }, {}],
    ['a bad id', '/api/artifacts/abc', '/api/artifacts/:id', {}, {}],
    [
      'a summary, which looks like an id',
      '/api/artifacts/stats/summary',
      '/api/artifacts/stats/summary',
      {},
      { status: 200 },
    ],
    ['HEAD', '/healthz', '/healthz', { method: 'HEAD' }, { status: 200 }],
    ['no credential', '/metrics', '/metrics', {}, { status: 401, code: 'unauthenticated' }],
    ['an execution', '/api/executions/secret-execution', '/api/executions/:execution_id', {}, {}],
  ])('%s', async (_name, path, route, init, wanted) => {
    const response = await stack.fetch(path, init);
    const all = await settled(1);
    expect(all).toHaveLength(1);
    expect(all[0]).toMatchObject({
      route,
      status: response.status,
      method: init.method ?? 'GET',
      ...wanted,
    });
    expect(all[0]?.request_id).toBe(response.headers.get('x-request-id'));
  });

  it('holds nothing that a caller wrote, and no bars', async () => {
    await stack.fetch(`/api/artifacts?q=secretword&symbol=SECRETSYM`, {
      headers: {
        authorization: `Bearer ${SERVICE_TOKEN}`,
        cookie: 'session=secretcookie',
        'x-request-id': '"secret id"',
      },
    });
    await stack.fetch('/api/executions/secretexecution?workflow_id=secretflow');
    await stack.send('POST', '/api/artifacts', {
      ...chartArtifact(makeBars(2, 7)),
      name: 'secretname',
      type: 'wrong',
    });
    await settled(3);
    const text = everything().join('\n');
    expect(lines()).toHaveLength(3);
    expect(text).not.toMatch(/secret/i);
    expect(text).not.toContain(SERVICE_TOKEN);
    expect(text).not.toMatch(/select |insert |"open"|"close"/);
  });

  it('of a request that fails', async () => {
    await stack.stopDatabase();
    const response = await stack.fetch('/api/artifacts');
    const all = await settled(1);
    await stack.startDatabase();
    expect(response.status).toBe(503);
    expect(all).toEqual([
      expect.objectContaining({
        route: '/api/artifacts',
        status: 503,
        code: 'database_unavailable',
      }),
    ]);
  });

  it('of a request whose client hangs up', async () => {
    const created = await stack.send('POST', '/api/artifacts', {
      name: 'Open',
      type: 'llm',
      execution_id: 'e1',
    });
    const { id } = (await created.json()) as { id: number };
    await settled(1);
    stack.worker.clearLogs();
    const { url } = stack.worker;
    const socket = connect(Number(url.port), '127.0.0.1');
    socket.write(
      `GET /api/artifacts/${id} HTTP/1.1\r\nHost: ${url.host}\r\nX-Request-Id: gone\r\n\r\n`,
    );
    await new Promise((resolve) => setTimeout(resolve, 300));
    socket.resetAndDestroy();
    const all = await settled(1);
    expect(all).toHaveLength(1);
    expect(all[0]).toMatchObject({ route: '/api/artifacts/:id', request_id: 'gone' });
    // The proxy in front of the embedded workerd may go on as if it were still there.
    expect([200, 499]).toContain(all[0]?.status);
  });
});

it('is there as well while the configuration is wrong', async () => {
  const wrong = await startStack({ UNVERIFIED_OBJECTS: 'sometimes' });
  try {
    const response = await wrong.fetch('/api/artifacts/5/image');
    expect(response.status).toBe(500);
    await wrong.fetch('/healthz');
    expect(await settled(2, wrong)).toEqual([
      expect.objectContaining({
        route: '/api/artifacts/:id/image',
        status: 500,
        code: 'configuration_error',
      }),
      expect.objectContaining({ route: '/healthz', status: 200 }),
    ]);
  } finally {
    await wrong.close();
  }
});
