import { createHash, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { crc32 } from 'node:zlib';
import { listen, type LocalServer } from './listen.ts';
import { S3Error, toXml } from './s3-error.ts';
import { ObjectFiles, type ObjectRecord } from './s3-files.ts';
import { listObjects } from './s3-list.ts';
import { assertReadConditions, assertWriteConditions, byteRange } from './s3-conditions.ts';
import { UNSIGNED_PAYLOAD, verifySignature, type Credentials } from './s3-signature.ts';

export interface S3ServerOptions extends Credentials {
  readonly directory: string;
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Made when they are not there. */
  readonly buckets: readonly string[];
}

const MAX_OBJECT_BYTES = 64_000_000;
const MAX_KEY_BYTES = 1_024;
const REQUEST_TIMEOUT_MS = 60_000;
const KEPT_HEADERS =
  /^(cache-control|content-disposition|content-encoding|content-language|expires|x-amz-meta-.+)$/;

/** An S3 server in this process: SigV4, conditional and ranged requests, objects as files. One bucket owner, no ACLs. */
export async function startS3Server(options: S3ServerOptions): Promise<LocalServer> {
  const files = await ObjectFiles.open(options.directory);
  for (const bucket of options.buckets) await files.createBucket(bucket);
  const server = createServer((request, response) => {
    const requestId = randomBytes(8).toString('hex').toUpperCase();
    response.setHeader('x-amz-request-id', requestId);
    response.setHeader('server', 'Chartproof-S3');
    answer(options, files, request, response).catch((error: unknown) =>
      refuse(request, response, error, requestId),
    );
  });
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  return listen(server, options, { name: 'S3 server', variable: 'S3_PORT' });
}

interface Call {
  readonly method: string;
  readonly bucket: string;
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

async function answer(
  options: S3ServerOptions,
  files: ObjectFiles,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const [rawPath = '/', rawQuery = ''] = (request.url ?? '/').split(/\?(.*)/s);
  if (/^\/minio\/health\/(live|ready)$/.test(rawPath)) {
    response.writeHead(200).end();
    return;
  }
  const headers = lowerCaseHeaders(request);
  const method = request.method ?? 'GET';
  const payloadHash = verifySignature({ method, rawPath, rawQuery, headers }, options, Date.now());
  if (payloadHash.startsWith('STREAMING-'))
    throw new S3Error('NotImplemented', 'Chunked signatures are not supported; sign the whole body.');
  const { bucket, key } = splitPath(rawPath);
  const body = await readBody(request);
  checkBody(body, headers, payloadHash);
  await route(files, { method, bucket, key, query: new URLSearchParams(rawQuery), headers, body }, response);
}

async function route(files: ObjectFiles, call: Call, response: ServerResponse): Promise<void> {
  const { method, bucket, key } = call;
  if (bucket === '') return listBuckets(files, call, response);
  if (key === '') return bucketCall(files, call, response);
  if (!(await files.hasBucket(bucket)))
    throw new S3Error('NoSuchBucket', 'The specified bucket does not exist');
  assertPlainObjectCall(call);
  if (method === 'GET' || method === 'HEAD') return readObject(files, call, response);
  if (method === 'PUT') return files.exclusively(bucket, key, () => writeObject(files, call, response));
  if (method === 'DELETE') {
    await files.exclusively(bucket, key, () => files.remove(bucket, key));
    response.writeHead(204).end();
    return;
  }
  throw new S3Error('MethodNotAllowed', 'The specified method is not allowed against this resource.');
}

async function listBuckets(files: ObjectFiles, { method }: Call, response: ServerResponse): Promise<void> {
  if (method !== 'GET')
    throw new S3Error('MethodNotAllowed', 'The specified method is not allowed against this resource.');
  const names = await files.buckets();
  const Bucket = names.map((Name) => ({ Name, CreationDate: new Date(0).toISOString() }));
  sendXml(response, 200, { ListAllMyBucketsResult: { Owner: { ID: 'local' }, Buckets: { Bucket } } });
}

async function bucketCall(
  files: ObjectFiles,
  { method, bucket, query }: Call,
  response: ServerResponse,
): Promise<void> {
  const exists = await files.hasBucket(bucket);
  if (method === 'PUT') {
    if (exists)
      throw new S3Error(
        'BucketAlreadyOwnedByYou',
        'Your previous request to create the named bucket succeeded.',
      );
    if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket))
      throw new S3Error('InvalidBucketName', 'The specified bucket is not valid.');
    await files.createBucket(bucket);
    response.writeHead(200, { location: `/${bucket}` }).end();
    return;
  }
  if (!exists) throw new S3Error('NoSuchBucket', 'The specified bucket does not exist');
  if (method === 'HEAD') {
    response.writeHead(200).end();
    return;
  }
  if (method !== 'GET') throw new S3Error('NotImplemented', 'This call on a bucket is not implemented here.');
  if (query.get('list-type') !== '2')
    throw new S3Error('NotImplemented', 'Only ListObjectsV2 (list-type=2) is implemented here.');
  sendXml(response, 200, listObjects(bucket, await files.list(bucket), query));
}

async function readObject(files: ObjectFiles, call: Call, response: ServerResponse): Promise<void> {
  const object = await files.read(call.bucket, call.key);
  if (object === null) throw new S3Error('NoSuchKey', 'The specified key does not exist.');
  const { record, bytes } = object;
  const headers: Record<string, string> = {
    ...record.headers,
    'accept-ranges': 'bytes',
    'content-type': record.contentType,
    etag: `"${record.md5}"`,
    'last-modified': new Date(record.lastModified).toUTCString(),
  };
  if (assertReadConditions(call.headers, record) === 'not_modified') {
    response.writeHead(304, { etag: headers['etag'], 'last-modified': headers['last-modified'] }).end();
    return;
  }
  const range = byteRange(call.headers['range'], bytes.byteLength);
  const part = range === null ? bytes : bytes.subarray(range.start, range.end + 1);
  if (range !== null) headers['content-range'] = `bytes ${range.start}-${range.end}/${bytes.byteLength}`;
  headers['content-length'] = String(part.byteLength);
  response.writeHead(range === null ? 200 : 206, headers);
  response.end(call.method === 'HEAD' ? undefined : part);
}

async function writeObject(files: ObjectFiles, call: Call, response: ServerResponse): Promise<void> {
  assertWriteConditions(call.headers, (await files.read(call.bucket, call.key))?.record ?? null);
  const md5 = createHash('md5').update(call.body).digest('hex');
  const record: ObjectRecord = {
    key: call.key,
    md5,
    byteSize: call.body.byteLength,
    lastModified: Math.floor(Date.now() / 1000) * 1000,
    contentType: call.headers['content-type'] ?? 'binary/octet-stream',
    headers: Object.fromEntries(Object.entries(call.headers).filter(([name]) => KEPT_HEADERS.test(name))),
  };
  await files.write(call.bucket, record, call.body);
  response.writeHead(200, { etag: `"${md5}"`, 'content-length': '0' }).end();
}

/** Tags, parts, copies and the like are calls of their own; taken for plain ones they would change the object. */
function assertPlainObjectCall({ query, headers }: Call): void {
  const other = [...query.keys()].find((name) => !/^(X-Amz-.+|x-id|response-.+)$/.test(name));
  if (other !== undefined)
    throw new S3Error('NotImplemented', `"${other}" of an object is not implemented here.`);
  if (headers['x-amz-copy-source'] !== undefined)
    throw new S3Error('NotImplemented', 'Copies are not implemented here.');
}

/** Path style only: `/bucket/key`. Keys that other stores refuse are refused here too. */
function splitPath(rawPath: string): { bucket: string; key: string } {
  const [, rawBucket = '', ...rawSegments] = rawPath.split('/');
  let segments: string[];
  let bucket: string;
  try {
    bucket = decodeURIComponent(rawBucket);
    segments = rawSegments.join('/') === '' ? [] : rawSegments.map((segment) => decodeURIComponent(segment));
  } catch {
    throw new S3Error('InvalidArgument', 'The URL is not validly percent-encoded.');
  }
  if (bucket === '.tmp' || /[/\\\0]|^\.+$/.test(bucket))
    throw new S3Error('InvalidBucketName', 'The specified bucket is not valid.');
  const key = segments.join('/');
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) throw new S3Error('KeyTooLongError', 'Your key is too long');
  // oxlint-disable-next-line no-control-regex -- they cannot be listed in XML
  if (/[\u0000-\u001f\u007f]/.test(key))
    throw new S3Error('XMinioInvalidObjectName', 'Object name contains unsupported characters.');
  const parts = key.replace(/\/$/, '').split('/');
  if (key !== '' && parts.some((part) => part === '' || part === '.' || part === '..')) {
    throw new S3Error('XMinioInvalidObjectName', 'Object name contains unsupported characters.');
  }
  return { bucket, key };
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const declared = request.headers['content-length'];
  if (declared !== undefined && Number(declared) > MAX_OBJECT_BYTES) throw tooLarge();
  if (request.method === 'PUT' && declared === undefined)
    throw new S3Error('MissingContentLength', 'You must provide the Content-Length HTTP header.');
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.byteLength;
    if (size > MAX_OBJECT_BYTES) throw tooLarge();
    chunks.push(chunk);
  }
  if (declared !== undefined && size !== Number(declared))
    throw new S3Error('IncompleteBody', 'The body is shorter than its Content-Length.');
  return Buffer.concat(chunks);
}

function tooLarge(): S3Error {
  return new S3Error('EntityTooLarge', 'Your proposed upload exceeds the maximum allowed object size.');
}

function checkBody(body: Buffer, headers: Readonly<Record<string, string>>, payloadHash: string): void {
  if (payloadHash !== UNSIGNED_PAYLOAD && createHash('sha256').update(body).digest('hex') !== payloadHash) {
    throw new S3Error(
      'XAmzContentSHA256Mismatch',
      "The provided 'x-amz-content-sha256' header does not match what was computed.",
    );
  }
  const md5 = headers['content-md5'];
  if (md5 !== undefined) {
    if (Buffer.from(md5, 'base64').byteLength !== 16)
      throw new S3Error('InvalidDigest', 'The Content-Md5 you specified is not valid.');
    if (createHash('md5').update(body).digest('base64') !== md5) throw badDigest('Content-Md5');
  }
  const crc = headers['x-amz-checksum-crc32'];
  if (crc !== undefined) {
    const computed = Buffer.alloc(4);
    computed.writeUInt32BE(crc32(body));
    if (computed.toString('base64') !== crc) throw badDigest('x-amz-checksum-crc32');
  }
}

function badDigest(header: string): S3Error {
  return new S3Error('BadDigest', `The ${header} you specified did not match what we received.`);
}

function lowerCaseHeaders(request: IncomingMessage): Record<string, string> {
  const entries = Object.entries(request.headersDistinct);
  return Object.fromEntries(entries.map(([name, values]) => [name, (values ?? []).join(',')]));
}

function sendXml(response: ServerResponse, status: number, document: object): void {
  response.writeHead(status, { 'content-type': 'application/xml' }).end(toXml(document));
}

function refuse(request: IncomingMessage, response: ServerResponse, error: unknown, requestId: string): void {
  const known =
    error instanceof S3Error ? error : new S3Error('InternalError', 'We encountered an internal error.');
  if (!(error instanceof S3Error))
    console.error(`S3 server: ${error instanceof Error ? error.message : String(error)}`);
  // A client that went away in the middle of its upload gets no answer and leaves no object.
  if (response.destroyed || response.headersSent) return;
  const body = known.toXml((request.url ?? '').split('?')[0] ?? '', requestId);
  // What was not read of the body would be taken for the next request.
  const rest = request.complete ? {} : { connection: 'close' };
  response.writeHead(known.status, { 'content-type': 'application/xml', ...known.headers, ...rest });
  response.end(request.method === 'HEAD' ? undefined : body);
}
