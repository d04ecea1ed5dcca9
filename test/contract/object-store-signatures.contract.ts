import { createHash } from 'node:crypto';
import { beforeAll, expect, it } from 'vitest';
import { sendRaw, type RawRequest } from './object-store-request.ts';
import { bytesOf, etagOf, type Session } from './object-store-session.ts';

const MINUTE_MS = 60_000;
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const ago = (ms: number) => new Date(Date.now() - ms);

/** Who may ask, and that nothing was changed on the way. */
export function signaturesContract(session: () => Session): void {
  beforeAll(async () => {
    await session().put('secret', 'secret');
    await session().put('other', 'other');
  });
  const read = (request: Omit<RawRequest, 'path'>) =>
    session().answerTo({ ...request, key: 'secret' });
  const write = (key: string, request: Omit<RawRequest, 'path' | 'body'>) =>
    session().answerTo({ ...request, key, method: 'PUT', body: bytesOf('true') });

  it('refuses who it does not know', async () => {
    expect(await read({ sign: { secretAccessKey: 'wrong-secret' } })).toEqual([
      403,
      'SignatureDoesNotMatch',
    ]);
    expect(await read({ sign: { accessKeyId: 'nobody' } })).toEqual([403, 'InvalidAccessKeyId']);
    expect(await read({ sign: 'nothing' })).toEqual([403, 'AccessDenied']);
    expect(await write('unsigned', { sign: 'nothing' })).toEqual([403, 'AccessDenied']);
    expect(await session().store.head(session().ref('unsigned'))).toBeNull();
    const head = await session().send({ method: 'HEAD', key: 'secret', sign: 'nothing' });
    expect([head.status, head.body.byteLength]).toEqual([403, 0]);
    // Nobody learns without a key what is there.
    expect(await session().answerTo({ key: 'missing', sign: 'nothing' })).toEqual([
      403,
      'AccessDenied',
    ]);
  });

  it('refuses another region and another host', async () => {
    expect(await read({ sign: { region: 'mars-1' } })).toEqual([
      400,
      'AuthorizationHeaderMalformed',
    ]);
    const { target } = session();
    const list = { path: `/${target.bucket}`, query: 'list-type=2', sign: { region: 'mars-1' } };
    expect((await sendRaw(target, list)).code).toBe('AuthorizationHeaderMalformed');
    const host = new URL(target.endpoint).host.replace(/^[^:]+/, 'localhost');
    expect(await read({ sign: { host } })).toEqual([403, 'SignatureDoesNotMatch']);
  });

  it('refuses an authorization that it cannot read', async () => {
    const given = (authorization: string) =>
      read({ tamper: (sent) => void (sent.headers['authorization'] = authorization) });
    expect(await given('Basic eDp5')).toEqual([400, 'InvalidRequest']);
    expect(await given('Bearer x')).toEqual([403, 'AccessDenied']);
    expect(await given(`AWS ${session().target.accessKeyId}:signature`)).toEqual([
      403,
      'SignatureDoesNotMatch',
    ]);
    expect(await given('AWS4-HMAC-SHA256 Credential=a/b/c/d/e')).toEqual([400, 'MissingFields']);
  });

  it('refuses what was changed on the way', async () => {
    const wrong = [403, 'SignatureDoesNotMatch'];
    expect(
      await read({ tamper: (sent) => void (sent.path = sent.path.replace(/secret$/, 'other')) }),
    ).toEqual(wrong);
    expect(await read({ tamper: (sent) => void (sent.query = 'response-content-type=a') })).toEqual(
      wrong,
    );
    const header = { headers: { 'x-amz-meta-a': 'b' } };
    const change = (sent: { headers: Record<string, string> }) =>
      void (sent.headers['x-amz-meta-a'] = 'c');
    expect(await write('changed', { ...header, tamper: change })).toEqual(wrong);
    const remove = (sent: { headers: Record<string, string> }) =>
      void delete sent.headers['x-amz-meta-a'];
    expect(await write('changed', { ...header, tamper: remove })).toEqual([400, 'AccessDenied']);
    const body = await write('changed', { tamper: (sent) => void (sent.body = bytesOf('fals')) });
    expect(body).toEqual([400, 'XAmzContentSHA256Mismatch']);
    expect(await session().store.head(session().ref('changed'))).toBeNull();
    const added = await write('added', { tamper: change });
    expect(added).toEqual(
      session().departs('unsigned-headers') ? [200, null] : [400, 'AccessDenied'],
    );
  });

  it('takes the hash of the body, or none', async () => {
    expect(await write('hash', { sign: { payloadHash: 'UNSIGNED-PAYLOAD' } })).toEqual([200, null]);
    expect(await write('hash', { sign: { payloadHash: sha256('true').toUpperCase() } })).toEqual([
      200,
      null,
    ]);
    const mismatch = [400, 'XAmzContentSHA256Mismatch'];
    expect(await write('hash', { sign: { payloadHash: sha256('other') } })).toEqual(mismatch);
    expect(await write('hash', { sign: { payloadHash: sha256('') } })).toEqual(mismatch);
    expect(await write('hash', { sign: { payloadHash: 'zz' } })).toEqual(mismatch);
    // Without the header the body counts as empty.
    expect(await write('hash', { sign: { payloadHash: null } })).toEqual([
      403,
      'SignatureDoesNotMatch',
    ]);
    expect(await read({ sign: { payloadHash: null } })).toEqual([200, null]);
  });

  it('keeps the time', async () => {
    const skewed = [403, 'RequestTimeTooSkewed'];
    expect(await read({ sign: { at: ago(16 * MINUTE_MS) } })).toEqual(skewed);
    expect(await read({ sign: { at: ago(-16 * MINUTE_MS) } })).toEqual(skewed);
    expect(await read({ sign: { at: ago(14 * MINUTE_MS) } })).toEqual([200, null]);
    expect(await read({ sign: { at: ago(-14 * MINUTE_MS) } })).toEqual([200, null]);
    expect(await read({ tamper: (sent) => void (sent.headers['x-amz-date'] = 'now') })).toEqual([
      400,
      'MalformedDate',
    ]);
  });

  it('takes presigned URLs, unchanged and in time', async () => {
    const { send, put, textOf } = session();
    const day = 24 * 3600;
    expect(await read({ sign: { expires: 60 } })).toEqual([200, null]);
    expect(await read({ sign: { expires: 7 * day } })).toEqual([200, null]);
    const range = await send({
      key: 'secret',
      sign: { expires: 60 },
      headers: { range: 'bytes=0-1' },
    });
    expect([range.status, range.body.toString()]).toEqual([206, 'se']);
    const denied = [403, 'AccessDenied'];
    expect(await read({ sign: { expires: 60, at: ago(2 * MINUTE_MS) } })).toEqual(denied);
    expect(await read({ sign: { expires: 60, at: ago(-16 * MINUTE_MS) } })).toEqual(denied);
    const malformed = [400, 'AuthorizationQueryParametersError'];
    expect(await read({ sign: { expires: 7 * day + 1 } })).toEqual(malformed);
    expect(await read({ sign: { expires: -1 } })).toEqual(malformed);
    const without = (name: string) =>
      read({
        sign: { expires: 60 },
        tamper: (sent) => void (sent.query = sent.query.replace(new RegExp(`&${name}=[^&]+`), '')),
      });
    for (const name of ['X-Amz-Date', 'X-Amz-Expires', 'X-Amz-Signature'])
      expect(await without(name)).toEqual(malformed);
    const wrong = [403, 'SignatureDoesNotMatch'];
    const changed = (from: RegExp, to: string) =>
      read({
        sign: { expires: 60 },
        tamper: (sent) => void (sent.query = sent.query.replace(from, to)),
      });
    expect(await changed(/Expires=60/, 'Expires=600')).toEqual(wrong);
    expect(await changed(/Signature=..../, 'Signature=0000')).toEqual(wrong);
    expect(await read({ sign: { expires: 60, secretAccessKey: 'wrong-secret' } })).toEqual(wrong);
    expect(await read({ sign: { expires: 60, accessKeyId: 'nobody' } })).toEqual([
      403,
      'InvalidAccessKeyId',
    ]);
    const key = await read({
      sign: { expires: 60 },
      tamper: (sent) => void (sent.path = sent.path.replace(/secret$/, 'other')),
    });
    expect(key).toEqual(wrong);
    await put('presigned', 'before');
    expect(
      await session().answerTo({
        method: 'PUT',
        key: 'presigned',
        body: bytesOf('after'),
        sign: { expires: 60 },
      }),
    ).toEqual([200, null]);
    expect(await textOf('presigned')).toBe('after');
    const meta = await write('presigned', {
      sign: { expires: 60 },
      tamper: (sent) => void (sent.headers['x-amz-meta-a'] = 'b'),
    });
    expect(meta).toEqual([400, 'AccessDenied']);
  });

  it('lets a signed reader choose headers', async () => {
    const query = 'response-content-type=image%2Fpng&response-content-disposition=attachment';
    const { status, headers } = await session().send({
      key: 'secret',
      query,
      sign: { expires: 60 },
    });
    expect([status, headers['content-type'], headers['content-disposition'], headers.etag]).toEqual(
      [200, 'image/png', 'attachment', etagOf('secret')],
    );
  });
}
