import { createHash } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { conditionsContract } from './object-store-conditions.contract.ts';
import { keysContract } from './object-store-keys.contract.ts';
import { killContract } from './object-store-kill.contract.ts';
import { listContract } from './object-store-list.contract.ts';
import { signRaw } from './object-store-request.ts';
import {
  bytesOf,
  etagOf,
  openSession,
  type ContractOptions,
  type Session,
  type StoreUnderTest,
} from './object-store-session.ts';
import { signaturesContract } from './object-store-signatures.contract.ts';

/** What an object store must do for Chartproof, whoever it is. */
export function objectStoreContract(options: ContractOptions): void {
  describe('object store contract', () => {
    let opened: Session;
    let store: StoreUnderTest;
    beforeAll(async () => {
      store = await options.open();
      opened = openSession(store.target, options.differences);
    });
    afterAll(() => store.close());
    const session = () => opened;
    describe('objects', () => {
      objectsContract(session);
    });
    describe('uploads', () => {
      uploadsContract(session);
    });
    describe('keys', () => {
      keysContract(session);
    });
    describe('conditions and ranges', () => {
      conditionsContract(session);
    });
    describe('signatures', () => {
      signaturesContract(session);
    });
    describe('lists and buckets', () => {
      listContract(session);
    });
    const killable = options.openKillable === null ? [] : [options.openKillable];
    describe.each(killable)('SIGKILL', (openKillable) => {
      killContract(openKillable);
    });
  });
}

function objectsContract(session: () => Session): void {
  it('keeps bytes, type and metadata, and says so in an ETag', async () => {
    const { store, ref } = session();
    const outcome = await store.put(ref('kept'), bytesOf('hello'), {
      contentType: 'image/png',
      cacheControl: 'no-cache',
      metadata: { renderer: 'r1' },
    });
    expect(outcome).toEqual({ stored: true, etag: etagOf('hello') });
    const object = await store.get(ref('kept'));
    const head = {
      contentType: 'image/png',
      byteSize: 5,
      etag: etagOf('hello'),
      metadata: { renderer: 'r1' },
    };
    expect(object).toMatchObject(head);
    expect(object?.bytes).toEqual(bytesOf('hello'));
    expect(Math.abs((object?.lastModified?.getTime() ?? 0) - Date.now())).toBeLessThan(60_000);
    expect(await store.head(ref('kept'))).toMatchObject(head);
  });

  it('gives headers back as they came', async () => {
    const given = {
      'cache-control': 'public, max-age=60',
      'content-disposition': 'inline; filename=x',
      'content-encoding': 'identity',
      'content-language': 'de',
      'content-type': 'text/plain; charset=utf-8',
      expires: new Date(Date.now() + 60_000).toUTCString(),
      'x-amz-meta-under_score': 'u',
    };
    const { send } = session();
    await send({ method: 'PUT', key: 'headers', body: bytesOf('x'), headers: given });
    for (const method of ['GET', 'HEAD']) {
      const { headers } = await send({ method, key: 'headers' });
      expect(headers).toMatchObject({
        ...given,
        etag: etagOf('x'),
        'accept-ranges': 'bytes',
        'content-length': '1',
      });
    }
    await send({ method: 'PUT', key: 'headers', body: bytesOf('x') });
    const { headers } = await send({ key: 'headers' });
    expect(headers['content-type']).toBe('binary/octet-stream');
    expect(headers['x-amz-meta-under_score']).toBeUndefined();
  });

  it('gives metadata beyond ASCII back as encoded words', async () => {
    const { send } = session();
    const utf8 = (text: string) => Buffer.from(text).toString('latin1');
    const headers = { 'x-amz-meta-a': utf8('ü _日本'), 'x-amz-meta-b': utf8('日'.repeat(20)) };
    expect((await send({ method: 'PUT', key: 'words', body: bytesOf('x'), headers })).status).toBe(
      200,
    );
    const back = (await send({ key: 'words' })).headers;
    expect(back['x-amz-meta-a']).toBe('=?UTF-8?q?=C3=BC_=5F=E6=97=A5=E6=9C=AC?=');
    const words = String(back['x-amz-meta-b']).split(' ');
    expect(words.every((word) => word.length <= 75)).toBe(true);
    expect(words.map((word) => word.slice('=?UTF-8?q?'.length, -2)).join('')).toBe(
      '=E6=97=A5'.repeat(20),
    );
  });

  it('takes 2 KB of metadata and not a byte more', async () => {
    const { answerTo } = session();
    const write = (headers: Record<string, string>) =>
      answerTo({ method: 'PUT', key: 'metadata', body: bytesOf('x'), headers });
    const room = 2_048 - 'x-amz-meta-a'.length;
    expect(await write({ 'x-amz-meta-a': 'v'.repeat(room) })).toEqual([200, null]);
    const tooLarge = [400, 'MetadataTooLarge'];
    expect(await write({ 'x-amz-meta-a': 'v'.repeat(room + 1) })).toEqual(tooLarge);
    expect(
      await write({ 'x-amz-meta-a': 'v'.repeat(1_100), 'x-amz-meta-b': 'v'.repeat(1_100) }),
    ).toEqual(tooLarge);
    expect(await write({ 'cache-control': 'v'.repeat(8_200) })).toEqual(tooLarge);
  });

  it('has nothing where nothing is, and deletes twice', async () => {
    const { store, ref, put, send } = session();
    expect([await store.get(ref('none')), await store.head(ref('none'))]).toEqual([null, null]);
    await put('gone', 'x');
    expect((await send({ method: 'DELETE', key: 'gone' })).status).toBe(204);
    expect((await send({ method: 'DELETE', key: 'gone' })).status).toBe(204);
    expect(await store.get(ref('gone'))).toBeNull();
  });

  it('keeps nothing, and 8 MB', async () => {
    const { store, ref, put } = session();
    await put('empty', '');
    expect(await store.get(ref('empty'))).toMatchObject({ byteSize: 0, etag: etagOf('') });
    const large = new Uint8Array(8_000_000).map((_, i) => i % 251);
    await store.put(ref('large'), large, { contentType: 'application/octet-stream' });
    const back = await store.get(ref('large'));
    expect(Buffer.compare(Buffer.from(back?.bytes ?? []), Buffer.from(large))).toBe(0);
  });

  it('names the code and the request of every refusal', async () => {
    const { headers, status, code } = await session().send({ key: 'none' });
    expect([status, code]).toEqual([404, 'NoSuchKey']);
    expect(headers['x-amz-request-id']).toMatch(/^\w+$/);
    expect(headers['content-type']).toContain('xml');
    const head = await session().send({ method: 'HEAD', key: 'none' });
    expect([head.status, head.body.byteLength]).toEqual([404, 0]);
  });
}

function uploadsContract(session: () => Session): void {
  it('checks the digests it is given', async () => {
    const { answerTo, send, store, ref } = session();
    const body = bytesOf('digest');
    const digest = (algorithm: string, of: Uint8Array | string = body) =>
      createHash(algorithm).update(of).digest('base64');
    const crc = Buffer.alloc(4);
    crc.writeUInt32BE(crc32(body));
    const write = (key: string, headers: Record<string, string>) =>
      answerTo({ method: 'PUT', key, body, headers });
    const fine = {
      'content-md5': digest('md5'),
      'x-amz-checksum-crc32': crc.toString('base64'),
      'x-amz-checksum-sha1': digest('sha1'),
      'x-amz-checksum-sha256': digest('sha256'),
    };
    for (const [name, value] of Object.entries(fine))
      expect(await write('digest', { [name]: value })).toEqual([200, null]);
    const shown = await send({ key: 'digest', headers: { 'x-amz-checksum-mode': 'ENABLED' } });
    expect(shown.headers['x-amz-checksum-sha256']).toBe(fine['x-amz-checksum-sha256']);
    expect((await send({ key: 'digest' })).headers['x-amz-checksum-sha256']).toBeUndefined();
    // It is not that of a part.
    const headers = { 'x-amz-checksum-mode': 'ENABLED', range: 'bytes=0-1' };
    const part = await send({ key: 'digest', headers });
    expect([part.status, part.headers['x-amz-checksum-sha256']]).toEqual([206, undefined]);

    expect(await write('wrong', { 'content-md5': digest('md5', 'x') })).toEqual([400, 'BadDigest']);
    expect(await write('wrong', { 'content-md5': 'zz' })).toEqual([400, 'InvalidDigest']);
    const mismatch = [400, 'XAmzContentChecksumMismatch'];
    expect(await write('wrong', { 'x-amz-checksum-crc32': 'AAAAAA==' })).toEqual(mismatch);
    expect(await write('wrong', { 'x-amz-checksum-sha1': digest('sha1', 'x') })).toEqual(mismatch);
    expect(await write('wrong', { 'x-amz-checksum-sha256': digest('sha256', 'x') })).toEqual(
      mismatch,
    );
    const invalid = [400, 'InvalidArgument'];
    expect(await write('wrong', { 'x-amz-checksum-crc32': 'zz' })).toEqual(invalid);
    const two = {
      'x-amz-checksum-crc32': crc.toString('base64'),
      'x-amz-checksum-sha1': digest('sha1'),
    };
    expect(await write('wrong', two)).toEqual(invalid);
    expect(await store.head(ref('wrong'))).toBeNull();
  });

  it.each(['new', 'old'])('shows nothing of an upload that broke off: %s', async (key) => {
    const { target, store, ref, path, put, textOf } = session();
    const before = key === 'old' ? 'before' : null;
    if (before !== null) await put(`broken ${key}`, before);
    const body = new Uint8Array(100_000);
    const sent = signRaw(target, { method: 'PUT', path: path(`broken ${key}`), body });
    const { hostname, port } = new URL(target.endpoint);
    await new Promise<void>((resolve) => {
      const { headers } = sent;
      const request = httpRequest({ hostname, port, method: 'PUT', path: sent.path, headers });
      request.on('close', () => resolve());
      request.on('error', () => {});
      request.write(body.subarray(0, 50_000), () => request.destroy());
    });
    expect(await textOf(`broken ${key}`)).toBe(before);
    // The next one is not in its way.
    await put(`broken ${key}`, 'after');
    expect((await store.head(ref(`broken ${key}`)))?.byteSize).toBe(5);
  });
}
