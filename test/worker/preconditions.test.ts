import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chartArtifact, makeBars } from '../support/bars.ts';
import { startStack, type Stack } from '../support/stack.ts';

let stack: Stack;

beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.close());

async function created(body: object = {}): Promise<{ path: string; id: number; etag: string }> {
  const response = await stack.send('POST', '/api/artifacts', {
    name: 'x',
    type: 'signal',
    ...body,
  });
  const { id } = (await response.json()) as { id: number };
  return { path: `/api/artifacts/${id}`, id, etag: response.headers.get('etag') ?? '' };
}

async function etagOf(path: string): Promise<string> {
  return (await stack.fetch(path)).headers.get('etag') ?? '';
}

async function refused(response: Response) {
  const { code } = (await response.json()) as { code: string };
  expect([response.status, code]).toEqual([412, 'precondition_failed']);
}

const name = async (path: string) =>
  ((await (await stack.fetch(path)).json()) as { name: string }).name;

describe('the ETag of an artifact', () => {
  it('is strong, and the same in POST, GET, HEAD and PATCH', async () => {
    const { path, etag } = await created();
    expect(etag).toMatch(/^"[0-9a-f]{32}\.[0-9a-f]{16}"$/);
    expect(await etagOf(path)).toBe(etag);
    expect((await stack.fetch(path, { method: 'HEAD' })).headers.get('etag')).toBe(etag);
    const patched = await stack.send('PATCH', path, { name: 'y' });
    expect(patched.headers.get('etag')).not.toBe(etag);
    expect(await etagOf(path)).toBe(patched.headers.get('etag'));
  });

  it('is that of the row that a repeated POST answers with', async () => {
    const post = () =>
      stack.send(
        'POST',
        '/api/artifacts',
        { name: 'k', type: 'llm' },
        { 'idempotency-key': 'etag' },
      );
    const first = await post();
    const again = await post();
    expect([again.headers.get('idempotent-replayed'), again.headers.get('etag')]).toEqual([
      'true',
      first.headers.get('etag'),
    ]);
  });

  it('changes with a row that somebody else writes to, without updated_at', async () => {
    const { path, id, etag } = await created();
    await stack.query('update artifacts set step_name = $1 where id = $2', ['elsewhere', id]);
    await refused(await stack.send('PATCH', path, { name: 'mine' }, { 'if-match': etag }));
    expect(await name(path)).toBe('x');
  });
});

describe('If-Match', () => {
  it('lets a PATCH through, once', async () => {
    const { path, etag } = await created();
    const first = await stack.send('PATCH', path, { name: 'first' }, { 'if-match': etag });
    expect(first.status).toBe(200);
    await refused(await stack.send('PATCH', path, { name: 'second' }, { 'if-match': etag }));
    expect(await name(path)).toBe('first');
    const next = first.headers.get('etag') ?? '';
    expect(
      (await stack.send('PATCH', path, { name: 'third' }, { 'if-match': `"x", ${next}` })).status,
    ).toBe(200);
  });

  it('lets one of twenty PATCHes through that come together', async () => {
    const { path, etag } = await created();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        stack.send('PATCH', path, { metadata: { [`by_${i}`]: i } }, { 'if-match': etag }),
      ),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, ...Array(19).fill(412)]);
    const { metadata } = (await (await stack.fetch(path)).json()) as { metadata: object };
    expect(Object.keys(metadata)).toHaveLength(1);
  });

  it('keeps a row that changed from being deleted', async () => {
    const { path, etag } = await created();
    await stack.send('PATCH', path, { name: 'y' });
    await refused(await stack.send('DELETE', path, undefined, { 'if-match': etag }));
    const current = await etagOf(path);
    expect((await stack.send('DELETE', path, undefined, { 'if-match': current })).status).toBe(204);
    expect((await stack.send('DELETE', path, undefined, { 'if-match': current })).status).toBe(404);
  });

  it.each(['"else"', 'nonsense', '""', `W/"0123456789abcdef0123456789abcdef.0123456789abcdef"`])(
    'of %s matches nothing',
    async (tag) => {
      const { path } = await created();
      for (const [method, body] of [['PATCH', { name: 'y' }], ['DELETE']] as const)
        await refused(await stack.send(method, path, body, { 'if-match': tag }));
      for (const suffix of ['', '/download'])
        await refused(await stack.fetch(path + suffix, { headers: { 'if-match': tag } }));
      expect(await name(path)).toBe('x');
    },
  );

  it('never matches weakly', async () => {
    const { path, etag } = await created();
    await refused(await stack.send('PATCH', path, { name: 'y' }, { 'if-match': `W/${etag}` }));
    expect(await name(path)).toBe('x');
    await refused(
      await stack.fetch('/api/artifacts', {
        headers: { 'if-match': await etagOf('/api/artifacts') },
      }),
    );
  });

  it('of * means that it exists', async () => {
    const { path } = await created();
    expect((await stack.fetch(path, { headers: { 'if-match': '*' } })).status).toBe(200);
    expect((await stack.send('PATCH', path, { name: 'y' }, { 'if-match': '*' })).status).toBe(200);
    expect((await stack.send('DELETE', path, undefined, { 'if-match': '*' })).status).toBe(204);
    for (const method of ['GET', 'PATCH', 'DELETE']) {
      const body = method === 'PATCH' ? { name: 'z' } : undefined;
      expect((await stack.send(method, path, body, { 'if-match': '*' })).status).toBe(404);
    }
  });

  it('goes before If-None-Match when reading', async () => {
    const { path, etag } = await created();
    const read = (ifMatch: string, method = 'GET') =>
      stack.fetch(path, { method, headers: { 'if-match': ifMatch, 'if-none-match': etag } });
    await refused(await read('"else"'));
    expect((await read('"else"', 'HEAD')).status).toBe(412);
    expect((await read(etag)).status).toBe(304);
    expect((await stack.fetch(path, { headers: { 'if-match': etag } })).status).toBe(200);
  });
});

it('If-Match is honoured by everything that is read under an ETag', async () => {
  const response = await stack.send('POST', '/api/artifacts', chartArtifact(makeBars(30, 77)));
  const { id } = (await response.json()) as { id: number };
  const picture = await stack.fetch(`/api/artifacts/${id}/image`);
  const key = (picture.headers.get('etag') ?? '').replaceAll('"', '');
  for (const path of [
    '/api/artifacts',
    '/api/artifacts?group_by=execution_id',
    '/api/executions',
    `/api/artifacts/${id}`,
    `/api/artifacts/${id}/download`,
    `/api/artifacts/${id}/image`,
    `/api/artifacts/${id}/indicators`,
    `/api/artifacts/${id}/market-data`,
    `/api/artifacts/${id}/verify`,
    `/api/renders/${key}/image`,
  ]) {
    expect([path, (await stack.fetch(path, { headers: { 'if-match': '*' } })).status]).toEqual([
      path,
      200,
    ]);
    const other = await stack.fetch(path, { headers: { 'if-match': '"somebody elses"' } });
    expect([path, other.status]).toEqual([path, 412]);
  }
});

describe('If-None-Match', () => {
  it('of * or of what is there refuses a write', async () => {
    const { path, etag } = await created();
    for (const tag of ['*', etag, `W/${etag}`]) {
      await refused(await stack.send('PATCH', path, { name: 'y' }, { 'if-none-match': tag }));
      await refused(await stack.send('DELETE', path, undefined, { 'if-none-match': tag }));
    }
    expect(
      (await stack.send('PATCH', path, { name: 'y' }, { 'if-none-match': '"else"' })).status,
    ).toBe(200);
    expect((await stack.send('PATCH', path, { name: 'z' }, { 'if-none-match': etag })).status).toBe(
      200,
    );
  });

  it('gives a 304 without the headers of a body', async () => {
    const { path, etag } = await created();
    const response = await stack.fetch(`${path}/download`, {
      headers: { 'if-none-match': `W/${etag}` },
    });
    expect([
      response.status,
      response.headers.get('etag'),
      response.headers.get('cache-control'),
    ]).toEqual([304, etag, 'private, no-cache']);
    expect(response.headers.get('content-disposition')).toBeNull();
    expect(response.headers.get('content-type')).toBeNull();
  });
});

describe('the image', () => {
  let path: string;
  let etag: string;

  beforeAll(async () => {
    path = `${(await created(chartArtifact(makeBars(30, 3)))).path}/image`;
    etag = await etagOf(path);
  });

  it('honours If-Match, from the edge as well', async () => {
    for (const method of ['GET', 'HEAD']) {
      const get = (headers: Record<string, string>) => stack.fetch(path, { method, headers });
      expect((await get({ 'if-match': etag })).status).toBe(200);
      expect((await get({ 'if-match': '*' })).status).toBe(200);
      for (const tag of ['"else"', `W/${etag}`]) {
        const response = await get({ 'if-match': tag, 'if-none-match': etag });
        expect([response.status, response.headers.get('etag')]).toEqual([412, etag]);
      }
    }
  });

  it('has ranges for GET alone', async () => {
    const ask = (method: string, range: string) =>
      stack.fetch(path, { method, headers: { range } });
    expect((await ask('GET', 'bytes=0-9')).status).toBe(206);
    expect((await ask('GET', 'bytes=99999999-')).status).toBe(416);
    const whole = (await stack.fetch(path, { method: 'HEAD' })).headers.get('content-length');
    for (const range of ['bytes=0-9', 'bytes=99999999-', 'bytes=-1']) {
      const response = await ask('HEAD', range);
      expect([response.status, response.headers.get('content-length')]).toEqual([200, whole]);
      expect(response.headers.get('content-range')).toBeNull();
    }
  });

  it('refuses parameters that it does not know, and names them', async () => {
    const ask = async (query: string) => {
      const response = await stack.fetch(`${path}?${query}`);
      if (response.status === 200) return [];
      const { errors } = (await response.json()) as { errors: { field: string }[] };
      return [response.status, ...errors.map(({ field }) => field)];
    };
    for (const query of [
      '',
      'v=x',
      'v=',
      '_=1',
      '_=1&_=2',
      't=1&ts=2&cb=3&utm_source=a&utm_=b',
      'v=1&t',
    ])
      expect(await ask(query)).toEqual([]);
    for (const [query, ...fields] of [
      ['width=1', 'width'],
      ['V=1', 'V'],
      ['v=1&v=2', 'v'],
      ['utm=1', 'utm'],
      ['tt=1&x=2', 'tt', 'x'],
      ['__proto__=1', '__proto__'],
      ['constructor=1', 'constructor'],
      ['%76=1&%77=2', 'w'],
    ] as const)
      expect(await ask(query)).toEqual([422, ...fields]);
  });
});
