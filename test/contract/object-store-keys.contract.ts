import { expect, it } from 'vitest';
import { sendRaw } from './object-store-request.ts';
import { bytesOf, type Session } from './object-store-session.ts';

const ODD = [
  'a b',
  'a+b',
  '100%',
  'a%2Fb',
  'ü/日本',
  '😀',
  "q'(x)!*",
  'a&b=c?d#e',
  'a"b<c>',
  'a:b|c',
  'a/b/c',
  '.hidden',
  'dot.',
  '...',
  'a/.../b',
  '..a',
  '~tilde',
  ' lead',
  'trail ',
  'a/ /b',
  'k'.repeat(255),
];
/** As they go over the wire. */
const DOTS = [
  'a/../b',
  '../b',
  'a/./b',
  './b',
  '..',
  '.',
  'a/..',
  'x%2F..%2Fa',
  '%2e%2e/x',
  'a%5C..%5Cb',
  'a/%20../b',
];

/** Odd keys, keys that are too long, and keys that would be paths. */
export function keysContract(session: () => Session): void {
  it.each(ODD)('keeps the key %s', async (key) => {
    const { put, textOf, store, ref } = session();
    await put(`odd/${key}`, key);
    expect(await textOf(`odd/${key}`)).toBe(key);
    await store.delete(ref(`odd/${key}`));
    expect(await textOf(`odd/${key}`)).toBeNull();
  });

  it('tells keys apart by their bytes', async () => {
    const { put, textOf } = session();
    const keys = [
      'case/a',
      'case/A',
      'case/é'.normalize('NFC'),
      'case/é'.normalize('NFD'),
      'case/a+b',
      'case/a b',
    ];
    for (const [i, key] of keys.entries()) await put(key, String(i));
    expect(await Promise.all(keys.map(textOf))).toEqual(['0', '1', '2', '3', '4', '5']);
  });

  it('takes 1,024 bytes and not one more', async () => {
    const { target } = session();
    const key = (length: number) => `${'z'.repeat(203)}/`.repeat(6).slice(0, length - 1) + 'z';
    const ask = async (method: string, length: number) => {
      const body = method === 'PUT' ? { body: bytesOf('x') } : {};
      const answer = await sendRaw(target, {
        method,
        path: `/${target.bucket}/${key(length)}`,
        ...body,
      });
      return [answer.status, answer.code];
    };
    expect(await ask('PUT', 1_024)).toEqual([200, null]);
    expect(await ask('GET', 1_024)).toEqual([200, null]);
    expect(await ask('DELETE', 1_024)).toEqual([204, null]);
    expect(await ask('PUT', 1_025)).toEqual([400, 'KeyTooLongError']);
    expect(await ask('GET', 1_025)).toEqual([404, 'NoSuchKey']);
  });

  it('takes 255 bytes between slashes', async () => {
    const { answerTo } = session();
    const write = (key: string) => answerTo({ method: 'PUT', key, body: bytesOf('x') });
    expect(await write('s'.repeat(256))).toEqual([400, 'XMinioInvalidObjectName']);
    expect(await write(`${'ü'.repeat(128)}/x`)).toEqual([400, 'XMinioInvalidObjectName']);
    expect(await write(`${'ü'.repeat(127)}/x`)).toEqual([200, null]);
    expect(await answerTo({ key: 's'.repeat(256) })).toEqual([400, 'XMinioInvalidObjectName']);
  });

  it.each(DOTS)('refuses %s whatever is asked', async (key) => {
    const { target } = session();
    for (const method of ['PUT', 'GET', 'DELETE']) {
      const body = method === 'PUT' ? { body: bytesOf('x') } : {};
      const answer = await sendRaw(target, { method, path: `/${target.bucket}/${key}`, ...body });
      expect([answer.status, answer.code]).toEqual([400, 'XMinioInvalidResourceName']);
    }
    const head = await sendRaw(target, { method: 'HEAD', path: `/${target.bucket}/${key}` });
    expect(head.status).toBe(400);
  });

  it('refuses empty segments and bytes that are not UTF-8', async () => {
    const { target, departs } = session();
    const write = async (key: string) => {
      const path = `/${target.bucket}/${key}`;
      const answer = await sendRaw(target, { method: 'PUT', path, body: bytesOf('x') });
      return [answer.status, answer.code];
    };
    expect(await write('d//e')).toEqual([400, 'XMinioInvalidObjectName']);
    expect(await write('e//')).toEqual([400, 'XMinioInvalidObjectName']);
    expect(await write('%00')).toEqual([400, 'XMinioInvalidObjectName']);
    expect(await write('%ff')).toEqual([403, 'SignatureDoesNotMatch']);
    expect((await write('%zz'))[0]).toBe(400);
    const refused = [400, 'XMinioInvalidObjectName'];
    expect(await write('/lead')).toEqual(departs('leading-slash') ? [200, null] : refused);
    expect(await write('a%09b')).toEqual(departs('control-characters') ? [200, null] : refused);
  });

  it('keeps a key beside the folder of its name', async () => {
    const { put, textOf, store, ref, send, answerTo } = session();
    await put('f/child', 'child');
    await put('f', 'itself');
    await put('g', 'itself');
    await put('g/child', 'child');
    const all = () => Promise.all(['f', 'f/child', 'g', 'g/child'].map(textOf));
    expect(await all()).toEqual(['itself', 'child', 'itself', 'child']);
    await store.delete(ref('f'));
    await store.delete(ref('g/child'));
    expect(await all()).toEqual([null, 'child', 'itself', null]);
    // What file managers make for a folder; Chartproof's own client has no use for it.
    expect(await answerTo({ key: 'f/' })).toEqual([404, 'NoSuchKey']);
    expect(await answerTo({ method: 'PUT', key: 'f/' })).toEqual([200, null]);
    expect((await send({ key: 'f/' })).body.byteLength).toBe(0);
    expect(await textOf('f/child')).toBe('child');
  });
}
