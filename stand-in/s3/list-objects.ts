import { S3_NAMESPACE, S3Error } from './error.ts';
import type { ObjectRecord } from './object-files.ts';
import { assertPrefix } from './object-key.ts';

const MAX_KEYS = 1_000;
export const OWNER = { ID: 'local', DisplayName: 'local' };

interface Listing {
  readonly kind: 'v2' | 'v1' | 'versions';
  readonly prefix: string;
  readonly delimiter: string;
  /** As asked for; a page never holds more than `MAX_KEYS`. */
  readonly maxKeys: number;
  /** The key after which the list starts. */
  readonly after: string;
  readonly token: string | null;
  readonly isUrlEncoded: boolean;
  readonly hasOwner: boolean;
}

interface Page {
  readonly contents: readonly ObjectRecord[];
  readonly folders: readonly string[];
  /** Where the next page goes on; null: this is the last one. */
  readonly next: string | null;
}

/**
 * ListObjectsV2, ListObjects and ListObjectVersions (of a bucket without versions: each object is
 * its only one), over records in key order. Throws `S3Error` for parameters that cannot be.
 */
export function listObjects(
  bucket: string,
  records: readonly ObjectRecord[],
  query: URLSearchParams,
): object {
  const listing = parse(query);
  const page = pageOf(records, listing);
  const shown = (text: string) => (listing.isUrlEncoded ? encode(text) : text);
  const common = {
    MaxKeys: listing.maxKeys,
    ...(listing.delimiter === '' ? {} : { Delimiter: shown(listing.delimiter) }),
    IsTruncated: page.next !== null,
  };
  const objects = page.contents.map(({ key, md5, byteSize, lastModified }) => ({
    Key: shown(key),
    ...(listing.kind === 'versions' ? { VersionId: 'null', IsLatest: true } : {}),
    LastModified: new Date(lastModified).toISOString(),
    ETag: `"${md5}"`,
    Size: byteSize,
    ...(listing.hasOwner ? { Owner: OWNER } : {}),
    StorageClass: 'STANDARD',
  }));
  const rest = {
    CommonPrefixes: page.folders.map((folder) => ({ Prefix: shown(folder) })),
    ...(listing.isUrlEncoded ? { EncodingType: 'url' } : {}),
  };
  const head = { '@_xmlns': S3_NAMESPACE, Name: bucket, Prefix: shown(listing.prefix) };
  const after = shown(listing.after);
  const next = page.next === null ? null : shown(page.next);
  if (listing.kind === 'versions') {
    const marker = { KeyMarker: after, ...(next === null ? {} : { NextKeyMarker: next }) };
    return { ListVersionsResult: { ...head, ...marker, ...common, Version: objects, ...rest } };
  }
  if (listing.kind === 'v1') {
    const marker = next === null ? {} : { NextMarker: next };
    const result = { ...head, Marker: after, ...common, ...marker, Contents: objects, ...rest };
    return { ListBucketResult: result };
  }
  const position = {
    ...(after === '' ? {} : { StartAfter: after }),
    ...(listing.token === null ? {} : { ContinuationToken: listing.token }),
    ...(page.next === null
      ? {}
      : { NextContinuationToken: Buffer.from(page.next).toString('base64') }),
    KeyCount: page.contents.length + page.folders.length,
  };
  return { ListBucketResult: { ...head, ...position, ...common, Contents: objects, ...rest } };
}

function parse(query: URLSearchParams): Listing {
  const maxKeys = Number(query.get('max-keys') || MAX_KEYS);
  if (!Number.isInteger(maxKeys) || maxKeys < 0)
    throw new S3Error(
      'InvalidArgument',
      'Argument max-keys must be an integer between 0 and 2147483647',
    );
  const encoding = query.get('encoding-type');
  if (encoding !== null && encoding !== '' && encoding.toLowerCase() !== 'url')
    throw new S3Error('InvalidArgument', 'Invalid Encoding Method specified in Request');
  const kind = kindOf(query);
  const token = kind === 'v2' ? query.get('continuation-token') : null;
  if (token !== null && (token === '' || Buffer.from(token, 'base64').toString('base64') !== token))
    throw new S3Error('InvalidArgument', 'The continuation token provided is incorrect');
  const prefix = query.get('prefix') ?? '';
  assertPrefix(prefix);
  return {
    kind,
    prefix,
    delimiter: query.get('delimiter') ?? '',
    maxKeys,
    after: query.get({ v2: 'start-after', v1: 'marker', versions: 'key-marker' }[kind]) ?? '',
    token,
    isUrlEncoded: encoding?.toLowerCase() === 'url',
    hasOwner: kind !== 'v2' || query.get('fetch-owner') === 'true',
  };
}

function kindOf(query: URLSearchParams): Listing['kind'] {
  if (query.has('versions')) return 'versions';
  return query.get('list-type') === '2' ? 'v2' : 'v1';
}

function pageOf(records: readonly ObjectRecord[], listing: Listing): Page {
  const { prefix, delimiter, token } = listing;
  const most = Math.min(listing.maxKeys, MAX_KEYS);
  const after = Buffer.from(token === null ? listing.after : Buffer.from(token, 'base64'));
  const contents: ObjectRecord[] = [];
  const folders = new Set<string>();
  let last = '';
  for (const record of records) {
    if (!record.key.startsWith(prefix)) continue;
    const end = delimiter === '' ? -1 : record.key.indexOf(delimiter, prefix.length);
    const folder = end === -1 ? null : record.key.slice(0, end + delimiter.length);
    const name = folder ?? record.key;
    if (Buffer.compare(Buffer.from(name), after) <= 0 || (folder !== null && folders.has(folder)))
      continue;
    if (contents.length + folders.size >= most)
      return { contents, folders: [...folders], next: most > 0 ? last : null };
    if (folder === null) contents.push(record);
    else folders.add(folder);
    last = name;
  }
  return { contents, folders: [...folders], next: null };
}

/** `encoding-type=url`: as in a query, with slashes left alone. */
function encode(text: string): string {
  return encodeURIComponent(text)
    .replaceAll('%2F', '/')
    .replaceAll('%20', '+')
    .replaceAll(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}
