import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { S3Error } from './error.ts';
import { decode } from './object-key.ts';

const ALGORITHM = 'AWS4-HMAC-SHA256';
export const UNSIGNED_PAYLOAD = 'UNSIGNED-PAYLOAD';
/** Of nothing: what a request without `x-amz-content-sha256` says. */
const EMPTY_SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const MAX_SKEW_MS = 15 * 60_000;
const MAX_PRESIGNED_SECONDS = 7 * 24 * 3600;

export interface SignedRequest {
  readonly method: string;
  /** As it came over the wire: still encoded, without query. */
  readonly rawPath: string;
  readonly rawQuery: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface Credentials {
  readonly accessKey: string;
  readonly secretKey: string;
  readonly region: string;
}

interface Claim {
  readonly accessKey: string;
  readonly scope: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  readonly timestamp: string;
  readonly payloadHash: string;
  /** Query without `X-Amz-Signature` for presigned URLs. */
  readonly query: string;
  /** Asked once the key is known: a stranger learns nothing of a URL's age. */
  readonly assertInTime: () => void;
}

/**
 * Checks SigV4, by header or presigned (AWS, "Signature Version 4 signing process"). Returns the
 * payload hash that was signed: 64 hex digits, or `UNSIGNED-PAYLOAD`. Throws `S3Error`.
 */
export function verifySignature(
  request: SignedRequest,
  credentials: Credentials,
  nowMs: number,
): string {
  const isPresigned = /(?:^|&)X-Amz-Credential=/.test(request.rawQuery);
  const claim = isPresigned ? presignedClaim(request, nowMs) : headerClaim(request, nowMs);
  assertScope(claim, credentials, request.rawPath);
  assertSignedHeaders(claim, request.headers);
  if (claim.accessKey !== credentials.accessKey)
    throw new S3Error(
      'InvalidAccessKeyId',
      'The Access Key Id you provided does not exist in our records.',
    );
  claim.assertInTime();
  const expected = sign(request, claim, credentials.secretKey);
  const [a, b] = [Buffer.from(expected), Buffer.from(claim.signature)];
  if (a.length !== b.length || !timingSafeEqual(a, b)) throw mismatch();
  return claim.payloadHash;
}

function assertScope({ scope, timestamp }: Claim, credentials: Credentials, rawPath: string): void {
  const [date = '', region = '', service = '', terminator = ''] = scope.split('/');
  // Buckets may be listed without knowing the region.
  if (region !== credentials.region && rawPath !== '/') {
    throw new S3Error(
      'AuthorizationHeaderMalformed',
      `The authorization header is malformed; the region is wrong; expecting '${credentials.region}'.`,
    );
  }
  if (service !== 's3')
    throw new S3Error('AuthorizationParametersError', 'The service of the credential is not "s3".');
  if (terminator !== 'aws4_request')
    throw new S3Error(
      'AuthorizationQueryParametersError',
      'The credential does not end with "aws4_request".',
    );
  if (date !== timestamp.slice(0, 8)) throw mismatch();
}

/** What changes the request must be signed, and what is signed must be there. */
function assertSignedHeaders(
  { signedHeaders }: Claim,
  headers: Readonly<Record<string, string>>,
): void {
  const isSigned = (name: string) => signedHeaders.includes(name);
  const unsigned = Object.keys(headers).some(
    (name) => name.startsWith('x-amz-') && name !== 'x-amz-content-sha256' && !isSigned(name),
  );
  const missing = signedHeaders.some((name) => headers[name] === undefined);
  if (unsigned || missing || !isSigned('host')) {
    const message = 'There were headers present in the request which were not signed';
    throw new S3Error('AccessDenied', message, { status: 400 });
  }
}

function headerClaim({ headers, rawQuery }: SignedRequest, nowMs: number): Claim {
  const authorization = headers['authorization'];
  if (authorization === undefined || authorization.startsWith('Bearer '))
    throw new S3Error('AccessDenied', 'Access Denied.');
  if (authorization.startsWith('AWS ')) throw mismatch();
  if (!authorization.startsWith(ALGORITHM))
    throw new S3Error('InvalidRequest', 'The authorization type you provided is not supported.');
  const timestamp = headers['x-amz-date'];
  if (timestamp === undefined) {
    const message = 'AWS authentication requires a valid Date or x-amz-date header';
    throw new S3Error('AccessDenied', message, { status: 400 });
  }
  const signedAt = timeOf(timestamp);
  if (signedAt === null)
    throw new S3Error(
      'MalformedDate',
      'Invalid date format header, expected to be in ISO8601 format.',
    );
  if (Math.abs(signedAt - nowMs) > MAX_SKEW_MS) {
    throw new S3Error(
      'RequestTimeTooSkewed',
      "The difference between the request time and the server's time is too large.",
    );
  }
  const match = /^\s*Credential=([^,]+),\s*SignedHeaders=([^,\s]+),\s*Signature=([^,\s]+)$/.exec(
    authorization.slice(ALGORITHM.length),
  );
  if (match === null) throw new S3Error('MissingFields', 'Missing fields in request.');
  const [, credential = '', signedHeaders = '', signature = ''] = match;
  return {
    ...splitCredential(credential),
    signedHeaders: signedHeaders.split(';'),
    signature,
    timestamp,
    payloadHash: headers['x-amz-content-sha256'] ?? EMPTY_SHA256,
    query: rawQuery,
    assertInTime: () => {},
  };
}

function presignedClaim({ headers, rawQuery }: SignedRequest, nowMs: number): Claim {
  if (headers['authorization'] !== undefined)
    throw new S3Error(
      'InvalidRequest',
      'The request has multiple authentication types, please use one.',
    );
  const query = new URLSearchParams(rawQuery);
  const timestamp = query.get('X-Amz-Date') ?? '';
  const signedAt = timeOf(timestamp);
  const lifetime = query.get('X-Amz-Expires') ?? '';
  const expires = Number(lifetime);
  const signature = query.get('X-Amz-Signature') ?? '';
  const isComplete =
    query.get('X-Amz-Algorithm') === ALGORITHM &&
    signedAt !== null &&
    /^\d+$/.test(lifetime) &&
    expires <= MAX_PRESIGNED_SECONDS &&
    signature !== '';
  if (!isComplete) {
    throw new S3Error(
      'AuthorizationQueryParametersError',
      'Query-string authentication version 4 requires X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires of at most a week.',
    );
  }
  return {
    ...splitCredential(query.get('X-Amz-Credential') ?? ''),
    signedHeaders: (query.get('X-Amz-SignedHeaders') ?? '').split(';'),
    signature,
    timestamp,
    payloadHash:
      query.get('X-Amz-Content-Sha256') ?? headers['x-amz-content-sha256'] ?? UNSIGNED_PAYLOAD,
    query: rawQuery
      .split('&')
      .filter((pair) => !pair.startsWith('X-Amz-Signature='))
      .join('&'),
    assertInTime: () => {
      if (signedAt - nowMs > MAX_SKEW_MS)
        throw new S3Error('AccessDenied', 'Request is not valid yet');
      if (nowMs > signedAt + expires * 1000)
        throw new S3Error('AccessDenied', 'Request has expired');
    },
  };
}

function splitCredential(credential: string): { accessKey: string; scope: string } {
  const parts = credential.split('/');
  if (parts.length < 5)
    throw new S3Error('AuthorizationQueryParametersError', 'The credential is malformed.');
  // An access key may hold slashes; the scope is always the last four parts.
  return { accessKey: parts.slice(0, -4).join('/'), scope: parts.slice(-4).join('/') };
}

/** Epoch milliseconds of `20260131T235959Z`; null for anything else. */
function timeOf(timestamp: string): number | null {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(timestamp);
  if (match === null) return null;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1)
    .map(Number);
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

function mismatch(): S3Error {
  return new S3Error(
    'SignatureDoesNotMatch',
    'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
  );
}

function sign(request: SignedRequest, claim: Claim, secretKey: string): string {
  const canonicalHeaders = claim.signedHeaders
    .map((name) => `${name}:${(request.headers[name] ?? '').trim().replaceAll(/\s+/g, ' ')}\n`)
    .join('');
  const canonicalRequest = [
    request.method,
    canonicalPath(request.rawPath),
    canonicalQuery(claim.query),
    canonicalHeaders,
    claim.signedHeaders.join(';'),
    claim.payloadHash,
  ].join('\n');
  // Headers are bytes, one a character; the rest is ASCII.
  const digest = createHash('sha256').update(canonicalRequest, 'latin1').digest('hex');
  const text = [ALGORITHM, claim.timestamp, claim.scope, digest].join('\n');
  const key = claim.scope
    .split('/')
    .reduce<Buffer>((key, part) => hmac(key, part), Buffer.from(`AWS4${secretKey}`));
  return hmac(key, text).toString('hex');
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

/**
 * The whole path is decoded, then each segment encoded once: an encoded slash counts as a slash, as
 * on S3.
 */
function canonicalPath(rawPath: string): string {
  return decode(rawPath).split('/').map(encode).join('/');
}

function canonicalQuery(query: string): string {
  if (query === '') return '';
  const pairs = query.split('&').map((pair) => {
    const [name = '', ...value] = pair.split('=');
    return [encode(decode(name)), encode(decode(value.join('=').replaceAll('+', ' ')))] as const;
  });
  pairs.sort(([a, x], [b, y]) => (a === b ? compare(x, y) : compare(a, b)));
  return pairs.map(([name, value]) => `${name}=${value}`).join('&');
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** RFC 3986: everything but unreserved characters, upper-case hex. */
function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
