import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { AppError } from '../../../src/errors.ts';
import { createS3ObjectStore } from '../../../src/storage/s3-object-store.ts';

const REF = { bucket: 'charts', key: 'a/b.png' };
const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function client(endpoint: string, more: { maxBytes?: number; deadlineMs?: number } = {}) {
  return createS3ObjectStore({
    endpoint,
    region: 'us-east-1',
    accessKeyId: 'key-id',
    secretAccessKey: 'very-secret',
    buckets: ['charts'],
    deadlineMs: 1_500,
    ...more,
  });
}

async function failureOf(work: Promise<unknown>): Promise<AppError> {
  const error: unknown = await work.then(
    () => new Error('it was accepted'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof AppError)) throw error;
  expect(error.message).not.toMatch(/very-secret|Signature=|AWS4-HMAC/);
  return error;
}

const xml = (code: string) =>
  `<?xml version="1.0"?><Error><Code>${code}</Code><Message>m</Message></Error>`;
const bytes = new Uint8Array([1, 2, 3]);

describe('a store that misbehaves', () => {
  it('is unavailable when it refuses, stays silent or trickles', async () => {
    expect((await failureOf(client('http://127.0.0.1:1').get(REF))).code).toBe('store_unavailable');
    const silent = await serve(() => {});
    expect((await failureOf(client(silent, { deadlineMs: 300 }).get(REF))).code).toBe(
      'store_unavailable',
    );
    const trickle = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('x');
    });
    expect((await failureOf(client(trickle, { deadlineMs: 300 }).get(REF))).code).toBe(
      'store_unavailable',
    );
  });

  it.each([301, 302, 307, 308])('is not followed on %d', async (status) => {
    let caught = 0;
    const sink = await serve((_request, response) => {
      caught += 1;
      response.end('caught');
    });
    const endpoint = await serve((_request, response) => {
      response.writeHead(status, { location: `${sink}/charts/a/b.png` }).end();
    });
    expect((await failureOf(client(endpoint).get(REF))).code).toBe('store_answered_wrongly');
    expect(
      (await failureOf(client(endpoint).put(REF, bytes, { contentType: 'image/png' }))).code,
    ).toBe('store_answered_wrongly');
    expect(caught).toBe(0);
  });

  it('answers wrongly when a body is cut, twice, and is asked once more', async () => {
    let asked = 0;
    const endpoint = await serve((_request, response) => {
      asked += 1;
      response.writeHead(200, { 'content-length': '1000' });
      response.write('half', () => response.destroy());
    });
    expect((await failureOf(client(endpoint).get(REF))).code).toBe('store_answered_wrongly');
    expect(asked).toBe(2);
  });

  it('answers wrongly with more than the cap, declared or not', async () => {
    const declared = await serve((_request, response) => void response.end(Buffer.alloc(2_000)));
    expect((await failureOf(client(declared, { maxBytes: 1_000 }).get(REF))).message).toContain(
      'charts/a/b.png',
    );
    const chunked = await serve((_request, response) => {
      response.write(Buffer.alloc(600));
      response.end(Buffer.alloc(600));
    });
    expect((await failureOf(client(chunked, { maxBytes: 1_000 }).get(REF))).code).toBe(
      'store_answered_wrongly',
    );
  });

  it.each<[string, number, string, string, RegExp]>([
    ['503', 503, xml('SlowDown'), 'store_unavailable', /SlowDown/],
    ['a cut off 503', 503, 'x'.repeat(100_000), 'store_unavailable', /503/],
    ['429', 429, '', 'store_unavailable', /429/],
    ['403', 403, xml('SignatureDoesNotMatch'), 'store_answered_wrongly', /MINIO_SECRET_KEY/],
    [
      'a wrong region',
      400,
      xml('AuthorizationHeaderMalformed'),
      'store_answered_wrongly',
      /MINIO_REGION/,
    ],
    ['no bucket', 404, xml('NoSuchBucket'), 'store_answered_wrongly', /MINIO_BUCKETS/],
    ['somebody else’s 404', 404, '<html>nothing here</html>', 'store_answered_wrongly', /404/],
    [
      'hostile XML',
      400,
      '<!DOCTYPE x [<!ENTITY a "b">]><Error><Code>&a;</Code></Error>',
      'store_answered_wrongly',
      /400/,
    ],
  ])('%s is told as what it is', async (_name, status, body, code, message) => {
    const endpoint = await serve((_request, response) => void response.writeHead(status).end(body));
    const failure = await failureOf(client(endpoint).get(REF));
    expect(failure.code).toBe(code);
    expect(failure.message).toMatch(message);
  });

  it('is missing only what S3 says is missing', async () => {
    const endpoint = await serve(
      (_request, response) => void response.writeHead(404).end(xml('NoSuchKey')),
    );
    expect(await client(endpoint).get(REF)).toBeNull();
    expect(await client(endpoint).head(REF)).toBeNull();
  });

  it('mends itself after one 503, but a conditional PUT is never repeated', async () => {
    let asked = 0;
    const endpoint = await serve((_request, response) => {
      asked += 1;
      response.writeHead(asked === 1 ? 503 : 200, { etag: '"e"' }).end();
    });
    expect((await client(endpoint).get(REF))?.byteSize).toBe(0);
    asked = 0;
    const conditional = client(endpoint).put(REF, bytes, {
      contentType: 'image/png',
      condition: { ifNoneMatch: '*' },
    });
    expect((await failureOf(conditional)).code).toBe('store_unavailable');
    expect(asked).toBe(1);
  });

  it('does not count a 200 without ETag as stored', async () => {
    const endpoint = await serve((request, response) => {
      request.resume();
      response.end('<html>welcome</html>');
    });
    expect(
      (await failureOf(client(endpoint).put(REF, bytes, { contentType: 'image/png' }))).code,
    ).toBe('store_answered_wrongly');
  });
});

it('asks for nothing outside of its buckets', async () => {
  let asked = 0;
  const endpoint = await serve((_request, response) => {
    asked += 1;
    response.end();
  });
  for (const ref of [
    { bucket: 'other', key: 'a' },
    { bucket: 'charts', key: '../other/a' },
    { bucket: 'charts', key: '' },
  ]) {
    expect((await failureOf(client(endpoint).get(ref))).code).toBe('invalid_input');
  }
  expect(asked).toBe(0);
});

it('signs the hash of what it sends', async () => {
  const seen: Record<string, unknown>[] = [];
  const endpoint = await serve((request, response) => {
    seen.push(request.headers);
    request.resume();
    response.writeHead(200, { etag: '"e"' }).end();
  });
  await client(endpoint).put(REF, bytes, {
    contentType: 'image/png',
    metadata: { renderer: 'r1' },
  });
  expect(seen[0]?.['x-amz-content-sha256']).toBe(
    '039058c6f2c0cb492c533b0a4d14ef77cc0f78abccced5287d84a1a2011cfb81',
  );
  expect(seen[0]?.['authorization']).toMatch(
    /SignedHeaders=[^,]*host;[^,]*x-amz-content-sha256;[^,]*x-amz-meta-renderer/,
  );
});
