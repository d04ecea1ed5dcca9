import { createHash } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { crc32 } from 'node:zlib';
import { AwsClient } from 'aws4fetch';
import { beforeAll, describe, expect, it } from 'vitest';
import { createS3ObjectStore } from '../../src/storage/s3-object-store.ts';
import type { ObjectStore } from '../../src/storage/object-store.ts';

/** An S3 server to be held to the contract; the bucket is there and may be filled. */
export interface S3Target {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly bucket: string;
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const md5 = (bytes: Uint8Array) => createHash('md5').update(bytes).digest('hex');
const bytesOf = (text: string) => new Uint8Array(Buffer.from(text));

/** What an object store must do for Chartproof, whoever it is. */
export function objectStoreContract(name: string, open: () => Promise<S3Target>): void {
  describe(`object store contract: ${name}`, () => {
    let target: S3Target;
    let store: ObjectStore;
    const folder = `contract-${Date.now()}`;
    const ref = (key: string) => ({ bucket: target.bucket, key: `${folder}/${key}` });
    const put = (key: string, text: string) =>
      store.put(ref(key), bytesOf(text), { contentType: 'text/plain' });

    beforeAll(async () => {
      target = await open();
      store = createS3ObjectStore({ ...target, buckets: [target.bucket] });
    });

    interface Call {
      readonly method?: string;
      readonly key: string;
      readonly headers?: Record<string, string>;
      readonly body?: Uint8Array<ArrayBuffer>;
      readonly sign?: {
        accessKeyId?: string;
        secretAccessKey?: string;
        datetime?: string;
        region?: string;
        signQuery?: boolean;
      };
      /** Changes the request after it was signed. */
      readonly tamper?: (
        url: URL,
        init: { headers: Headers; body: Uint8Array<ArrayBuffer> | undefined },
      ) => void;
    }

    /** A raw signed request, as any client would send it. */
    async function send({
      method = 'GET',
      key,
      headers = {},
      body,
      sign = {},
      tamper,
    }: Call): Promise<Response> {
      const { datetime, signQuery, ...credentials } = sign;
      const client = new AwsClient({ ...target, ...credentials, service: 's3', retries: 0 });
      const hash = signQuery === true ? {} : { 'x-amz-content-sha256': sha256(body ?? new Uint8Array()) };
      const path = `${folder}/${key}`.split('/').map(encodeURIComponent).join('/');
      const url = `${target.endpoint}/${target.bucket}/${path}${signQuery === true ? '?X-Amz-Expires=60' : ''}`;
      const signed = await client.sign(url, {
        method,
        headers: { ...headers, ...hash },
        ...(body === undefined ? {} : { body }),
        aws: {
          ...(datetime === undefined ? {} : { datetime }),
          ...(signQuery === undefined ? {} : { signQuery }),
        },
      });
      const final = { headers: new Headers(signed.headers), body };
      const address = new URL(signed.url);
      tamper?.(address, final);
      return fetch(address, {
        method,
        headers: final.headers,
        redirect: 'manual',
        ...(final.body === undefined ? {} : { body: final.body }),
      });
    }
    const codeOf = async (response: Response) => [
      response.status,
      /<Code>([^<]+)/.exec(await response.text())?.[1] ?? null,
    ];

    it('keeps bytes, type and metadata, and says so in an ETag', async () => {
      const bytes = bytesOf('hello');
      const outcome = await store.put(ref('kept'), bytes, {
        contentType: 'image/png',
        cacheControl: 'no-cache',
        metadata: { renderer: 'r1' },
      });
      expect(outcome).toEqual({ stored: true, etag: `"${md5(bytes)}"` });
      const object = await store.get(ref('kept'));
      expect(object).toMatchObject({
        contentType: 'image/png',
        byteSize: 5,
        etag: `"${md5(bytes)}"`,
        metadata: { renderer: 'r1' },
      });
      expect(object?.bytes).toEqual(bytes);
      expect(Math.abs((object?.lastModified?.getTime() ?? 0) - Date.now())).toBeLessThan(60_000);
      expect(await store.head(ref('kept'))).toMatchObject({ byteSize: 5, metadata: { renderer: 'r1' } });
    });

    it('has nothing where nothing is, and deletes twice', async () => {
      expect([await store.get(ref('none')), await store.head(ref('none'))]).toEqual([null, null]);
      await put('gone', 'x');
      await store.delete(ref('gone'));
      await store.delete(ref('gone'));
      expect(await store.get(ref('gone'))).toBeNull();
    });

    it.each(['a b', 'a+b', '100%', 'ü/日本', "q'(x)!*", 'a/b/c', 'dot.', '~tilde', 'k'.repeat(200)])(
      'keeps the key %s',
      async (key) => {
        await put(key, key);
        expect(Buffer.from((await store.get(ref(key)))?.bytes ?? []).toString()).toBe(key);
      },
    );

    it('keeps a key beside a folder of its name, nothing, and 8 MB', async () => {
      await put('empty', '');
      expect((await store.get(ref('empty')))?.byteSize).toBe(0);
      const large = new Uint8Array(8_000_000).fill(7);
      await store.put(ref('large'), large, { contentType: 'application/octet-stream' });
      expect(sha256((await store.get(ref('large')))?.bytes ?? new Uint8Array())).toBe(sha256(large));
    });

    it('answers ranges', async () => {
      await put('range', '0123456789');
      const range = async (value: string) => {
        const response = await send({ key: 'range', headers: { range: value } });
        return [response.status, response.headers.get('content-range'), await response.text()];
      };
      expect(await range('bytes=2-4')).toEqual([206, 'bytes 2-4/10', '234']);
      expect(await range('bytes=8-')).toEqual([206, 'bytes 8-9/10', '89']);
      expect(await range('bytes=-3')).toEqual([206, 'bytes 7-9/10', '789']);
      expect((await range('bytes=10-')).slice(0, 1)).toEqual([416]);
    });

    it('honours conditions on GET', async () => {
      await put('read', 'x');
      const etag = `"${md5(bytesOf('x'))}"`;
      const status = async (headers: Record<string, string>) => (await send({ key: 'read', headers })).status;
      expect(await status({ 'if-none-match': etag })).toBe(304);
      expect(await status({ 'if-none-match': '"other"' })).toBe(200);
      expect(await status({ 'if-match': '"other"' })).toBe(412);
      expect(await status({ 'if-modified-since': new Date(Date.now() + 5_000).toUTCString() })).toBe(304);
      expect(await status({ 'if-modified-since': new Date(0).toUTCString() })).toBe(200);
      expect(await status({ 'if-unmodified-since': new Date(0).toUTCString() })).toBe(412);
    });

    it('honours conditions on PUT', async () => {
      const write = (text: string, condition: { ifNoneMatch: '*' } | { ifMatch: string }) =>
        store.put(ref('written'), bytesOf(text), { contentType: 'text/plain', condition });
      const refused = { stored: false, reason: 'precondition_failed' };
      expect(await write('never', { ifMatch: '"other"' })).toEqual(refused);
      const first = await write('first', { ifNoneMatch: '*' });
      expect(first.stored).toBe(true);
      expect(await write('second', { ifNoneMatch: '*' })).toEqual(refused);
      expect(await write('third', { ifMatch: '"other"' })).toEqual(refused);
      expect((await write('fourth', { ifMatch: first.stored ? first.etag : '' })).stored).toBe(true);
      expect(Buffer.from((await store.get(ref('written')))?.bytes ?? []).toString()).toBe('fourth');
    });

    it('lets exactly one of 40 writers be the first', async () => {
      const writers = Array.from({ length: 40 }, (_, i) =>
        store.put(ref('race'), bytesOf(`writer ${i}`), {
          contentType: 'text/plain',
          condition: { ifNoneMatch: '*' },
        }),
      );
      expect((await Promise.all(writers)).filter((outcome) => outcome.stored)).toHaveLength(1);
    });

    it('refuses who it does not know', async () => {
      await put('secret', 'x');
      expect(await codeOf(await send({ key: 'secret', sign: { secretAccessKey: 'wrong-secret' } }))).toEqual([
        403,
        'SignatureDoesNotMatch',
      ]);
      expect(await codeOf(await send({ key: 'secret', sign: { accessKeyId: 'nobody' } }))).toEqual([
        403,
        'InvalidAccessKeyId',
      ]);
      expect(await codeOf(await fetch(`${target.endpoint}/${target.bucket}/${folder}/secret`))).toEqual([
        403,
        'AccessDenied',
      ]);
      expect((await send({ key: 'secret', sign: { region: 'mars-1' } })).status).toBe(400);
    });

    it('refuses what was changed on the way', async () => {
      const body = bytesOf('true');
      const changedBody = await send({
        method: 'PUT',
        key: 'changed',
        body,
        tamper: (_url, init) => void (init.body = bytesOf('fals')),
      });
      expect(await codeOf(changedBody)).toEqual([400, 'XAmzContentSHA256Mismatch']);
      const changedKey = await send({
        key: 'secret',
        tamper: (url) => void (url.pathname = url.pathname.replace('secret', 'kept')),
      });
      expect(await codeOf(changedKey)).toEqual([403, 'SignatureDoesNotMatch']);
      const addedHeader = await send({
        method: 'PUT',
        key: 'changed',
        body,
        tamper: (_url, init) => init.headers.set('x-amz-meta-a', 'b'),
      });
      expect((await codeOf(addedHeader))[0]).toBe(403);
      expect(await store.head(ref('changed'))).toBeNull();
    });

    it('checks the digests it is given', async () => {
      const body = bytesOf('digest');
      const crc = Buffer.alloc(4);
      crc.writeUInt32BE(crc32(body));
      const write = async (headers: Record<string, string>) =>
        (await send({ method: 'PUT', key: 'digest', body, headers })).status;
      expect(await write({ 'content-md5': createHash('md5').update(body).digest('base64') })).toBe(200);
      expect(await write({ 'x-amz-checksum-crc32': crc.toString('base64') })).toBe(200);
      expect(await write({ 'content-md5': createHash('md5').update('x').digest('base64') })).toBe(400);
      expect(await write({ 'x-amz-checksum-crc32': 'AAAAAA==' })).toBe(400);
    });

    it('keeps the time', async () => {
      const at = (offsetMs: number) =>
        new Date(Date.now() + offsetMs).toISOString().replaceAll(/[:-]|\.\d{3}/g, '');
      expect(await codeOf(await send({ key: 'kept', sign: { datetime: at(-16 * 60_000) } }))).toEqual([
        403,
        'RequestTimeTooSkewed',
      ]);
      expect(await codeOf(await send({ key: 'kept', sign: { datetime: at(16 * 60_000) } }))).toEqual([
        403,
        'RequestTimeTooSkewed',
      ]);
      expect((await send({ key: 'kept', sign: { datetime: at(-5 * 60_000) } })).status).toBe(200);
    });

    it('takes presigned URLs, unchanged and in time', async () => {
      expect((await send({ key: 'kept', sign: { signQuery: true } })).status).toBe(200);
      const changed = await send({
        key: 'secret',
        sign: { signQuery: true },
        tamper: (url) => void (url.pathname = url.pathname.replace('secret', 'kept')),
      });
      expect(await codeOf(changed)).toEqual([403, 'SignatureDoesNotMatch']);
      const old = new Date(Date.now() - 120_000).toISOString().replaceAll(/[:-]|\.\d{3}/g, '');
      expect((await send({ key: 'kept', sign: { signQuery: true, datetime: old } })).status).toBe(403);
    });

    it('shows nothing of an upload that broke off', async () => {
      const client = new AwsClient({ ...target, service: 's3', retries: 0 });
      const body = new Uint8Array(100_000);
      const url = `${target.endpoint}/${target.bucket}/${folder}/broken`;
      const signed = await client.sign(url, {
        method: 'PUT',
        headers: { 'x-amz-content-sha256': sha256(body) },
        body,
      });
      await new Promise<void>((resolve) => {
        const request = httpRequest(url, {
          method: 'PUT',
          headers: { ...Object.fromEntries(signed.headers), 'content-length': '100000' },
        });
        request.on('error', () => resolve());
        request.write(body.subarray(0, 50_000), () => request.destroy());
      });
      expect(await store.head(ref('broken'))).toBeNull();
    });

    it('names the code and the request of every refusal', async () => {
      const response = await send({ key: 'none' });
      expect(response.headers.get('x-amz-request-id')).toMatch(/\w+/);
      expect(response.headers.get('content-type')).toContain('xml');
      expect(await codeOf(response)).toEqual([404, 'NoSuchKey']);
    });
  });
}
