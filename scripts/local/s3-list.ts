import { S3_NAMESPACE, S3Error } from './s3-error.ts';
import type { ObjectRecord } from './s3-files.ts';
import { assertPrefix } from './s3-key.ts';

const MAX_KEYS = 1_000;
export const OWNER = { ID: 'local', DisplayName: 'local' };

interface Listing {
  readonly prefix: string;
  readonly delimiter: string;
  /** As asked for; a page never holds more than `MAX_KEYS`. */
  readonly maxKeys: number;
  readonly startAfter: string;
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

/** ListObjectsV2, over records in key order. Throws `S3Error` for parameters that cannot be. */
export function listObjects(
  bucket: string,
  records: readonly ObjectRecord[],
  query: URLSearchParams,
): object {
  const listing = parse(query);
  const page = pageOf(records, listing);
  const shown = (text: string) => (listing.isUrlEncoded ? encode(text) : text);
  return {
    ListBucketResult: {
      '@_xmlns': S3_NAMESPACE,
      Name: bucket,
      Prefix: shown(listing.prefix),
      ...(listing.startAfter === '' ? {} : { StartAfter: shown(listing.startAfter) }),
      ...(listing.token === null ? {} : { ContinuationToken: listing.token }),
      ...(page.next === null ? {} : { NextContinuationToken: Buffer.from(page.next).toString('base64') }),
      KeyCount: page.contents.length + page.folders.length,
      MaxKeys: listing.maxKeys,
      ...(listing.delimiter === '' ? {} : { Delimiter: shown(listing.delimiter) }),
      IsTruncated: page.next !== null,
      Contents: page.contents.map(({ key, md5, byteSize, lastModified }) => ({
        Key: shown(key),
        LastModified: new Date(lastModified).toISOString(),
        ETag: `"${md5}"`,
        Size: byteSize,
        ...(listing.hasOwner ? { Owner: OWNER } : {}),
        StorageClass: 'STANDARD',
      })),
      CommonPrefixes: page.folders.map((folder) => ({ Prefix: shown(folder) })),
      ...(listing.isUrlEncoded ? { EncodingType: 'url' } : {}),
    },
  };
}

function parse(query: URLSearchParams): Listing {
  const maxKeys = Number(query.get('max-keys') || MAX_KEYS);
  if (!Number.isInteger(maxKeys) || maxKeys < 0)
    throw new S3Error('InvalidArgument', 'Argument max-keys must be an integer between 0 and 2147483647');
  const encoding = query.get('encoding-type');
  if (encoding !== null && encoding !== '' && encoding.toLowerCase() !== 'url')
    throw new S3Error('InvalidArgument', 'Invalid Encoding Method specified in Request');
  const token = query.get('continuation-token');
  if (token !== null && (token === '' || Buffer.from(token, 'base64').toString('base64') !== token))
    throw new S3Error('InvalidArgument', 'The continuation token provided is incorrect');
  const prefix = query.get('prefix') ?? '';
  assertPrefix(prefix);
  return {
    prefix,
    delimiter: query.get('delimiter') ?? '',
    maxKeys,
    startAfter: query.get('start-after') ?? '',
    token,
    isUrlEncoded: encoding?.toLowerCase() === 'url',
    hasOwner: query.get('fetch-owner') === 'true',
  };
}

function pageOf(records: readonly ObjectRecord[], listing: Listing): Page {
  const { prefix, delimiter, token, startAfter } = listing;
  const most = Math.min(listing.maxKeys, MAX_KEYS);
  const after = Buffer.from(token === null ? startAfter : Buffer.from(token, 'base64'));
  const contents: ObjectRecord[] = [];
  const folders = new Set<string>();
  let last = '';
  for (const record of records) {
    if (!record.key.startsWith(prefix)) continue;
    const end = delimiter === '' ? -1 : record.key.indexOf(delimiter, prefix.length);
    const folder = end === -1 ? null : record.key.slice(0, end + delimiter.length);
    const name = folder ?? record.key;
    if (Buffer.compare(Buffer.from(name), after) <= 0 || (folder !== null && folders.has(folder))) continue;
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
