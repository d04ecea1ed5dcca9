import { XMLParser } from 'fast-xml-parser';
import { beforeAll, expect, it } from 'vitest';
import { encodeKey, sendRaw } from './object-store-request.ts';
import { etagOf, md5Of, type Session } from './object-store-session.ts';

interface ListResult {
  readonly Prefix?: string;
  readonly KeyCount?: string;
  readonly MaxKeys?: string;
  readonly IsTruncated?: string;
  readonly NextContinuationToken?: string;
  readonly StartAfter?: string;
  readonly Delimiter?: string;
  readonly EncodingType?: string;
  readonly Contents?: readonly { Key: string; ETag: string; Size: string; LastModified: string }[];
  readonly CommonPrefixes?: readonly { Prefix: string }[];
}

const KEYS = ['a', 'b', 'c/1', 'c/2', 'd', 'e&<', 'ü b+%'];
const parser = new XMLParser({
  isArray: (name) => name === 'Contents' || name === 'CommonPrefixes',
  parseTagValue: false,
  // Quotes come as numbers from some.
  htmlEntities: true,
});

/** ListObjectsV2. */
export function listContract(session: () => Session): void {
  const prefix = () => `${session().folder}/list/`;
  beforeAll(async () => {
    for (const key of KEYS) await session().put(`list/${key}`, key);
  });

  async function ask(parameters: Record<string, string>) {
    const { target } = session();
    const query = Object.entries({ 'list-type': '2', prefix: prefix(), ...parameters })
      .map(([name, value]) => `${name}=${encodeKey(value).replaceAll('/', '%2F')}`)
      .join('&');
    return sendRaw(target, { path: `/${target.bucket}`, query });
  }
  async function list(parameters: Record<string, string> = {}) {
    const { status, body } = await ask(parameters);
    expect(status).toBe(200);
    const document = parser.parse(body.toString()) as { ListBucketResult: ListResult };
    const result = document.ListBucketResult;
    const cut = (text: string) => text.slice(prefix().length);
    return {
      ...result,
      keys: (result.Contents ?? []).map(({ Key }) => cut(Key)),
      folders: (result.CommonPrefixes ?? []).map(({ Prefix }) => cut(Prefix)),
    };
  }
  const codeOf = async (parameters: Record<string, string>) => {
    const { status, code } = await ask(parameters);
    return [status, code];
  };

  it('lists what is there, in the order of its bytes', async () => {
    const { keys, Contents = [], ...result } = await list();
    expect(keys).toEqual(KEYS);
    expect(result).toMatchObject({ KeyCount: '7', MaxKeys: '1000', IsTruncated: 'false' });
    expect(Contents[0]).toMatchObject({ ETag: etagOf('a'), Size: '1' });
    expect(Math.abs(Date.parse(Contents[0]?.LastModified ?? '') - Date.now())).toBeLessThan(
      600_000,
    );
    expect((await list({ prefix: `${prefix()}none` })).keys).toEqual([]);
  });

  it('folds what is below a delimiter', async () => {
    const folded = await list({ delimiter: '/' });
    expect([folded.keys, folded.folders]).toEqual([['a', 'b', 'd', 'e&<', 'ü b+%'], ['c/']]);
    expect(folded).toMatchObject({ KeyCount: '6', Delimiter: '/' });
    expect((await list({ delimiter: '/', prefix: `${prefix()}c` })).folders).toEqual(['c/']);
    expect((await list({ delimiter: '/', prefix: `${prefix()}c/` })).keys).toEqual(['c/1', 'c/2']);
    // Not only slashes.
    expect((await list({ delimiter: 'b' })).folders).toEqual(['b', 'ü b']);
  });

  it.each(['', '/'])('goes page by page with the delimiter "%s"', async (delimiter) => {
    const seen: string[] = [];
    let token: string | undefined;
    do {
      const page = await list({
        'max-keys': '2',
        ...(delimiter === '' ? {} : { delimiter }),
        ...(token === undefined ? {} : { 'continuation-token': token }),
      });
      expect(page.keys.length + page.folders.length).toBeLessThanOrEqual(2);
      expect(page.IsTruncated).toBe(String(page.NextContinuationToken !== undefined));
      seen.push(...page.keys, ...page.folders);
      token = page.NextContinuationToken;
    } while (token !== undefined);
    const all = await list(delimiter === '' ? {} : { delimiter });
    expect(seen.toSorted()).toEqual([...all.keys, ...all.folders].toSorted());
    expect(new Set(seen).size).toBe(seen.length);
  });

  it('lists as the first version of the call does', async () => {
    const { target } = session();
    const query = `max-keys=3&marker=${encodeURIComponent(`${prefix()}a`)}&prefix=${encodeURIComponent(prefix())}`;
    const { body } = await sendRaw(target, { path: `/${target.bucket}`, query });
    const { ListBucketResult } = parser.parse(body.toString()) as { ListBucketResult: ListResult };
    const keys = (ListBucketResult.Contents ?? []).map(({ Key }) => Key.slice(prefix().length));
    expect([keys, ListBucketResult.IsTruncated]).toEqual([['b', 'c/1', 'c/2'], 'true']);
  });

  it('says exactly when there is more', async () => {
    expect(await list({ 'max-keys': '7' })).toMatchObject({ KeyCount: '7', IsTruncated: 'false' });
    expect(await list({ 'max-keys': '6' })).toMatchObject({ KeyCount: '6', IsTruncated: 'true' });
    expect(await list({ 'max-keys': '0' })).toMatchObject({ KeyCount: '0', IsTruncated: 'false' });
    expect(await list({ 'max-keys': '1001' })).toMatchObject({ KeyCount: '7', MaxKeys: '1001' });
  });

  it('starts after a key', async () => {
    const after = (key: string, more = {}) => list({ 'start-after': `${prefix()}${key}`, ...more });
    expect((await after('b')).keys).toEqual(['c/1', 'c/2', 'd', 'e&<', 'ü b+%']);
    const folded = await after('c/1', { delimiter: '/' });
    expect([folded.keys, folded.folders]).toEqual([['d', 'e&<', 'ü b+%'], []]);
    expect(folded.StartAfter).toBe(`${prefix()}c/1`);
    expect((await after('日')).keys).toEqual([]);
  });

  it('encodes keys when asked', async () => {
    const { keys, EncodingType } = await list({ 'encoding-type': 'url' });
    expect(EncodingType).toBe('url');
    expect(keys).toEqual(['a', 'b', 'c/1', 'c/2', 'd', 'e%26%3C', '%C3%BC+b%2B%25']);
  });

  it('refuses what cannot be asked', async () => {
    const invalid = [400, 'InvalidArgument'];
    expect(await codeOf({ 'max-keys': '-1' })).toEqual(invalid);
    expect(await codeOf({ 'max-keys': 'x' })).toEqual(invalid);
    expect(await codeOf({ 'encoding-type': 'xml' })).toEqual(invalid);
    expect(await codeOf({ 'continuation-token': '!!' })).toEqual(invalid);
    expect(await codeOf({ prefix: '../' })).toEqual([400, 'XMinioInvalidResourceName']);
    expect(await codeOf({ prefix: 'a//' })).toEqual([400, 'XMinioInvalidObjectName']);
  });

  it('knows its bucket, and no other', async () => {
    const { target } = session();
    const bucket = (name: string, method: string) => sendRaw(target, { method, path: `/${name}` });
    expect((await bucket(target.bucket, 'HEAD')).status).toBe(200);
    expect((await bucket('nobody-made-this', 'HEAD')).status).toBe(404);
    expect((await bucket(target.bucket, 'PUT')).code).toBe('BucketAlreadyOwnedByYou');
    expect((await bucket(target.bucket, 'DELETE')).code).toBe('BucketNotEmpty');
    for (const name of ['Upper', 'ab', 'a..b', '192.168.1.1'])
      expect((await bucket(name, 'PUT')).code).toBe('InvalidBucketName');
    const unknown = { path: '/nobody-made-this', query: 'list-type=2' };
    expect((await sendRaw(target, unknown)).code).toBe('NoSuchBucket');
    const location = await sendRaw(target, { path: `/${target.bucket}`, query: 'location=' });
    expect(location.body.toString()).toContain(`>${target.region}</LocationConstraint>`);
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const answer = await sendRaw(target, { method, path: '/nobody-made-this/x' });
      expect([answer.status, answer.code]).toEqual([404, 'NoSuchBucket']);
    }
  });

  it('deletes many at once', async () => {
    const { target, put, store, ref, folder } = session();
    await put('many/1 &', 'x');
    await put('many/2', 'x');
    await put('many/3', 'x');
    const xml = `<Delete><Object><Key>${folder}/many/1 &amp;</Key></Object><Object><Key>${folder}/many/2</Key></Object></Delete>`;
    const body = new Uint8Array(Buffer.from(xml));
    const md5 = Buffer.from(md5Of(body), 'hex').toString('base64');
    const { status } = await sendRaw(target, {
      method: 'POST',
      path: `/${target.bucket}`,
      query: 'delete=',
      headers: { 'content-md5': md5 },
      body,
    });
    expect(status).toBe(200);
    expect([await store.head(ref('many/1 &')), await store.head(ref('many/2'))]).toEqual([
      null,
      null,
    ]);
    expect(await store.head(ref('many/3'))).not.toBeNull();
  });
}
