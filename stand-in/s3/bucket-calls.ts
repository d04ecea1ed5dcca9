import { XMLParser } from 'fast-xml-parser';
import { S3_NAMESPACE, S3Error, toXml } from './error.ts';
import { listObjects, OWNER } from './list-objects.ts';
import type { ObjectFiles } from './object-files.ts';
import { assertBucketName, assertKey } from './object-key.ts';

export interface BucketCall {
  readonly method: string;
  readonly bucket: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly region: string;
}

export interface BucketAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** XML, or nothing. */
  readonly document?: string;
}

export async function listBuckets(files: ObjectFiles, method: string): Promise<BucketAnswer> {
  if (method !== 'GET') throw notAllowed();
  const names = await files.buckets();
  const Bucket = names.map((Name) => ({ Name, CreationDate: new Date(0).toISOString() }));
  const result = { '@_xmlns': S3_NAMESPACE, Owner: OWNER, Buckets: { Bucket } };
  return { status: 200, document: toXml({ ListAllMyBucketsResult: result }) };
}

/** Make, look for, list, empty and remove a bucket. */
export async function answerBucketCall(
  files: ObjectFiles,
  call: BucketCall,
): Promise<BucketAnswer> {
  const { method, bucket, query } = call;
  const other = ['acl', 'cors', 'lifecycle', 'policy', 'tagging', 'uploads', 'versioning'].find(
    (name) => query.has(name),
  );
  if (other !== undefined)
    throw new S3Error('NotImplemented', `"${other}" of a bucket is not implemented here.`);
  const exists = await files.hasBucket(bucket);
  if (method === 'PUT') return makeBucket(files, bucket, exists);
  if (!exists) throw new S3Error('NoSuchBucket', 'The specified bucket does not exist');
  if (method === 'HEAD') return { status: 200, headers: { 'content-type': 'application/xml' } };
  if (method === 'DELETE') return removeBucket(files, call);
  if (method === 'POST' && query.has('delete')) return removeObjects(files, call);
  if (method !== 'GET') throw notAllowed();
  if (query.has('location')) {
    const constraint = { '@_xmlns': S3_NAMESPACE, '#text': call.region };
    return { status: 200, document: toXml({ LocationConstraint: constraint }) };
  }
  return { status: 200, document: toXml(listObjects(bucket, await files.list(bucket), query)) };
}

async function makeBucket(
  files: ObjectFiles,
  bucket: string,
  exists: boolean,
): Promise<BucketAnswer> {
  assertBucketName(bucket);
  if (exists) {
    throw new S3Error(
      'BucketAlreadyOwnedByYou',
      'Your previous request to create the named bucket succeeded and you already own it.',
    );
  }
  await files.createBucket(bucket);
  return { status: 200, headers: { location: `/${bucket}` } };
}

async function removeBucket(
  files: ObjectFiles,
  { bucket, headers }: BucketCall,
): Promise<BucketAnswer> {
  const takesObjectsAlong = headers['x-minio-force-delete'] === 'true';
  if (!takesObjectsAlong && (await files.list(bucket)).length > 0)
    throw new S3Error('BucketNotEmpty', 'The bucket you tried to delete is not empty');
  await files.removeBucket(bucket);
  return { status: 204 };
}

/** DeleteObjects: up to 1,000 keys in one request. */
async function removeObjects(
  files: ObjectFiles,
  { bucket, body }: BucketCall,
): Promise<BucketAnswer> {
  const keys = keysToRemove(body);
  for (const key of keys) {
    assertKey(key, 'DELETE');
    await files.exclusively(bucket, key, () => files.remove(bucket, key));
  }
  const Deleted = keys.map((Key) => ({ Key }));
  return { status: 200, document: toXml({ DeleteResult: { '@_xmlns': S3_NAMESPACE, Deleted } }) };
}

function keysToRemove(body: Buffer): string[] {
  const parser = new XMLParser({
    isArray: (name) => name === 'Object',
    parseTagValue: false,
    trimValues: false,
    htmlEntities: true,
  });
  const malformed = () => new S3Error('MalformedXML', 'The XML you provided was not well-formed.');
  let found: unknown;
  try {
    const document = parser.parse(body.toString('utf8')) as { Delete?: { Object?: unknown } };
    found = document.Delete?.Object;
  } catch {
    throw malformed();
  }
  if (!Array.isArray(found) || found.length === 0 || found.length > 1_000) throw malformed();
  return found.map((item: unknown) => {
    const key = (item as { Key?: unknown }).Key;
    if (typeof key !== 'string' || key === '') throw malformed();
    return key;
  });
}

export function notAllowed(): S3Error {
  return new S3Error(
    'MethodNotAllowed',
    'The specified method is not allowed against this resource.',
  );
}
