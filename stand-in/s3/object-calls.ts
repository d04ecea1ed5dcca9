import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { notAllowed } from './bucket-calls.ts';
import { shownChecksum } from './checksum.ts';
import {
  assertReadConditions,
  assertWriteConditions,
  byteRange,
  validatorHeaders,
} from './conditions.ts';
import { S3Error } from './error.ts';
import { keptHeaders, overriddenHeaders } from './metadata.ts';
import type { ObjectFiles, ObjectRecord } from './object-files.ts';
import { assertKey } from './object-key.ts';

/**
 * Calls of their own; taken for plain ones they would change the object or answer something else.
 */
const OTHER_CALLS = new Set(
  'acl attributes legal-hold partNumber restore retention select tagging torrent uploadId uploads'.split(
    ' ',
  ),
);

export interface ObjectCall {
  readonly method: string;
  readonly bucket: string;
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Read, write and remove an object. Throws `S3Error`. */
export async function answerObjectCall(
  files: ObjectFiles,
  call: ObjectCall,
  response: ServerResponse,
): Promise<void> {
  const { method, bucket, key } = call;
  if (!(await files.hasBucket(bucket)))
    throw new S3Error('NoSuchBucket', 'The specified bucket does not exist');
  assertKey(key, method);
  assertPlainObjectCall(call);
  if (method === 'GET' || method === 'HEAD') return readObject(files, call, response);
  if (method === 'PUT')
    return files.exclusively(bucket, key, () => writeObject(files, call, response));
  if (method !== 'DELETE') throw notAllowed();
  await files.exclusively(bucket, key, () => removeObject(files, call));
  response.writeHead(204).end();
}

async function readObject(
  files: ObjectFiles,
  call: ObjectCall,
  response: ServerResponse,
): Promise<void> {
  const object = await files.read(call.bucket, call.key);
  if (object === null) throw new S3Error('NoSuchKey', 'The specified key does not exist.');
  const { record, bytes } = object;
  if (assertReadConditions(call.headers, record) === 'not_modified') {
    response.writeHead(304, validatorHeaders(record)).end();
    return;
  }
  const range = byteRange(call.headers['range'], bytes.byteLength);
  const part = range === null ? bytes : bytes.subarray(range.start, range.end + 1);
  const shown = Object.entries(record.headers).filter(
    ([name]) => !name.startsWith('x-amz-checksum-'),
  );
  const wantsChecksum = call.headers['x-amz-checksum-mode'] === 'ENABLED';
  const headers: Record<string, string> = {
    ...Object.fromEntries(shown),
    // A checksum is of the whole object; clients would hold a part of it to that.
    ...(wantsChecksum && range === null ? shownChecksum(record.headers) : {}),
    ...validatorHeaders(record),
    'content-type': record.contentType,
    ...overriddenHeaders(call.query),
    'content-length': String(part.byteLength),
    ...(range === null
      ? {}
      : { 'content-range': `bytes ${range.start}-${range.end}/${bytes.byteLength}` }),
  };
  response.writeHead(range === null ? 200 : 206, headers);
  response.end(call.method === 'HEAD' ? undefined : part);
}

async function writeObject(
  files: ObjectFiles,
  call: ObjectCall,
  response: ServerResponse,
): Promise<void> {
  assertWriteConditions(call.headers, (await files.read(call.bucket, call.key))?.record ?? null);
  const md5 = createHash('md5').update(call.body).digest('hex');
  const record: ObjectRecord = {
    key: call.key,
    md5,
    byteSize: call.body.byteLength,
    lastModified: Math.floor(Date.now() / 1000) * 1000,
    contentType: call.headers['content-type'] || 'binary/octet-stream',
    headers: keptHeaders(call.headers),
  };
  await files.write(call.bucket, record, call.body);
  const headers = { etag: `"${md5}"`, 'content-length': '0', ...shownChecksum(record.headers) };
  response.writeHead(200, headers).end();
}

/** Nothing to remove is no failure, with If-Match neither. */
async function removeObject(
  files: ObjectFiles,
  { bucket, key, headers }: ObjectCall,
): Promise<void> {
  const ifMatch = headers['if-match'];
  const record = ifMatch === undefined ? null : ((await files.read(bucket, key))?.record ?? null);
  if (record !== null) assertWriteConditions({ 'if-match': ifMatch ?? '' }, record);
  await files.remove(bucket, key);
}

function assertPlainObjectCall({ query, headers }: ObjectCall): void {
  const other = [...query.keys()].find((name) => OTHER_CALLS.has(name));
  if (other !== undefined)
    throw new S3Error('NotImplemented', `"${other}" of an object is not implemented here.`);
  if ((query.get('versionId') ?? 'null') !== 'null')
    throw new S3Error('NotImplemented', 'Versions are not implemented here.');
  if (headers['x-amz-copy-source'] !== undefined)
    throw new S3Error('NotImplemented', 'Copies are not implemented here.');
}
