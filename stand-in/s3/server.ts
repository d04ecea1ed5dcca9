import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listen, type LocalServer } from '../listen.ts';
import { answerBucketCall, listBuckets, type BucketAnswer } from './bucket-calls.ts';
import { assertDigests, assertPayloadHash } from './checksum.ts';
import { S3Error } from './error.ts';
import { assertHeaderSizes } from './metadata.ts';
import { answerObjectCall } from './object-calls.ts';
import { ObjectFiles } from './object-files.ts';
import { assertNoDotSegments, splitPath } from './object-key.ts';
import { verifySignature, type Credentials } from './signature.ts';

export interface S3ServerOptions extends Credentials {
  readonly directory: string;
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Made when they are not there. */
  readonly buckets: readonly string[];
}

const MAX_OBJECT_BYTES = 64_000_000;
const REQUEST_TIMEOUT_MS = 60_000;

/**
 * An S3 server in this process: SigV4, conditional and ranged requests, objects as files. One
 * bucket owner, no ACLs.
 */
export async function startS3Server(options: S3ServerOptions): Promise<LocalServer> {
  const files = await ObjectFiles.open(options.directory);
  for (const bucket of options.buckets) await files.createBucket(bucket);
  const onRequest = (request: IncomingMessage, response: ServerResponse) => {
    const requestId = randomBytes(8).toString('hex').toUpperCase();
    response.setHeader('x-amz-request-id', requestId);
    response.setHeader('server', 'Chartproof-S3');
    response.setHeader('accept-ranges', 'bytes');
    response.setHeader('x-amz-bucket-region', options.region);
    answer(options, files, request, response).catch((error: unknown) =>
      refuse(request, response, error, requestId),
    );
  };
  const server = createServer(onRequest);
  // Some clients send an empty Expect.
  server.on('checkExpectation', onRequest);
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  return listen(server, options, { name: 'S3 server', variable: 'S3_PORT' });
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
  const query = new URLSearchParams(rawQuery);
  assertHeaderSizes(headers);
  assertNoDotSegments(rawPath, query);
  const payloadHash = verifySignature({ method, rawPath, rawQuery, headers }, options, Date.now());
  assertPayloadHash(payloadHash);
  const { bucket, key } = splitPath(rawPath);
  const body = await readBody(request);
  if (method === 'PUT' || method === 'POST') assertDigests(body, headers, payloadHash);
  const call = { method, bucket, key, query, headers, body, region: options.region };
  if (bucket === '') send(response, await listBuckets(files, method));
  else if (key === '') send(response, await answerBucketCall(files, call));
  else await answerObjectCall(files, call, response);
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
  return new S3Error(
    'EntityTooLarge',
    'Your proposed upload exceeds the maximum allowed object size.',
  );
}

function lowerCaseHeaders(request: IncomingMessage): Record<string, string> {
  const entries = Object.entries(request.headersDistinct);
  return Object.fromEntries(entries.map(([name, values]) => [name, (values ?? []).join(',')]));
}

function send(
  response: ServerResponse,
  { status, headers = {}, document = '' }: BucketAnswer,
): void {
  const body = Buffer.from(document);
  const about: Record<string, string> =
    status === 204 ? {} : { 'content-length': String(body.byteLength) };
  if (document !== '') about['content-type'] = 'application/xml';
  response.writeHead(status, { ...headers, ...about }).end(body);
}

function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  error: unknown,
  requestId: string,
): void {
  const known =
    error instanceof S3Error
      ? error
      : new S3Error('InternalError', 'We encountered an internal error.');
  // A client that went away in the middle of its upload gets no answer and leaves no object.
  if (response.destroyed) return;
  if (!(error instanceof S3Error))
    console.error(`S3 server: ${error instanceof Error ? error.message : String(error)}`);
  if (response.headersSent) return;
  const body = Buffer.from(known.toXml((request.url ?? '').split('?')[0] ?? '', requestId));
  // What was not read of the body would be taken for the next request.
  const rest = request.complete ? {} : { connection: 'close' };
  // The answer to HEAD has no body that could say why.
  const about: Record<string, string> =
    request.method === 'HEAD'
      ? { 'x-minio-error-code': known.code, 'content-length': '0' }
      : { 'content-type': 'application/xml', 'content-length': String(body.byteLength) };
  response.writeHead(known.status, { ...about, ...known.headers, ...rest });
  response.end(request.method === 'HEAD' ? undefined : body);
}
