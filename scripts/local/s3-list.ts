import { S3Error } from './s3-error.ts';
import type { ObjectRecord } from './s3-files.ts';

const MAX_KEYS = 1_000;

/** ListObjectsV2: prefix, delimiter, max-keys, start-after and continuation, over records in key order. */
export function listObjects(
  bucket: string,
  records: readonly ObjectRecord[],
  query: URLSearchParams,
): object {
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const asked = Number(query.get('max-keys') ?? MAX_KEYS);
  if (!Number.isInteger(asked) || asked < 0)
    throw new S3Error('InvalidArgument', 'max-keys must be a whole number from 0.');
  const maxKeys = Math.min(asked, MAX_KEYS);
  const token = query.get('continuation-token');
  const after =
    token === null ? (query.get('start-after') ?? '') : Buffer.from(token, 'base64url').toString('utf8');

  const contents: ObjectRecord[] = [];
  const folders = new Set<string>();
  let last = '';
  let isTruncated = false;
  for (const record of records) {
    if (!record.key.startsWith(prefix)) continue;
    const end = delimiter === '' ? -1 : record.key.indexOf(delimiter, prefix.length);
    const folder = end === -1 ? null : record.key.slice(0, end + delimiter.length);
    const name = folder ?? record.key;
    if (
      Buffer.compare(Buffer.from(name), Buffer.from(after)) <= 0 ||
      (folder !== null && folders.has(folder))
    )
      continue;
    if (contents.length + folders.size >= maxKeys) {
      isTruncated = maxKeys > 0;
      break;
    }
    if (folder === null) contents.push(record);
    else folders.add(folder);
    last = name;
  }
  return {
    ListBucketResult: {
      Name: bucket,
      Prefix: prefix,
      ...(delimiter === '' ? {} : { Delimiter: delimiter }),
      MaxKeys: maxKeys,
      KeyCount: contents.length + folders.size,
      IsTruncated: isTruncated,
      ...(isTruncated ? { NextContinuationToken: Buffer.from(last).toString('base64url') } : {}),
      Contents: contents.map(({ key, md5, byteSize, lastModified }) => ({
        Key: key,
        LastModified: new Date(lastModified).toISOString(),
        ETag: `"${md5}"`,
        Size: byteSize,
        StorageClass: 'STANDARD',
      })),
      CommonPrefixes: [...folders].map((Prefix) => ({ Prefix })),
    },
  };
}
