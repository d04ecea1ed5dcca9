import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { S3Error } from './s3-error.ts';

const ALGORITHM = 'AWS4-HMAC-SHA256';
export const UNSIGNED_PAYLOAD = 'UNSIGNED-PAYLOAD';
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
}

/**
 * Checks SigV4, by header or presigned (AWS, "Signature Version 4 signing process"). Returns the payload hash that was
 * signed: 64 hex digits, or `UNSIGNED-PAYLOAD`. Throws `S3Error`.
 */
export function verifySignature(request: SignedRequest, credentials: Credentials, nowMs: number): string {
  const isPresigned = /(?:^|&)X-Amz-Signature=/.test(request.rawQuery);
  const claim = isPresigned ? presignedClaim(request, nowMs) : headerClaim(request, nowMs);
  const [date = '', region = '', service = '', terminator = ''] = claim.scope.split('/');
  if (service !== 's3' || terminator !== 'aws4_request' || date !== claim.timestamp.slice(0, 8)) {
    throw new S3Error(
      'AuthorizationHeaderMalformed',
      'The credential scope is not DATE/REGION/s3/aws4_request.',
    );
  }
  if (region !== credentials.region) {
    throw new S3Error(
      'AuthorizationHeaderMalformed',
      `The region is wrong; expecting '${credentials.region}'.`,
    );
  }
  if (claim.accessKey !== credentials.accessKey) {
    throw new S3Error('InvalidAccessKeyId', 'The Access Key Id you provided does not exist in our records.');
  }
  const unsigned = Object.keys(request.headers).find(
    (name) =>
      name.startsWith('x-amz-') && name !== 'x-amz-content-sha256' && !claim.signedHeaders.includes(name),
  );
  if (unsigned !== undefined)
    throw new S3Error(
      'AccessDenied',
      `There were headers present in the request which were not signed: ${unsigned}`,
    );
  if (!claim.signedHeaders.includes('host'))
    throw new S3Error('AccessDenied', 'The host header must be signed.');
  const expected = sign(request, claim, credentials.secretKey);
  const [a, b] = [Buffer.from(expected), Buffer.from(claim.signature)];
  if (a.length !== b.length || !timingSafeEqual(a, b)) {
    throw new S3Error(
      'SignatureDoesNotMatch',
      'The request signature we calculated does not match the signature you provided.',
    );
  }
  return claim.payloadHash;
}

function headerClaim({ headers, rawQuery }: SignedRequest, nowMs: number): Claim {
  const authorization = headers['authorization'];
  if (authorization === undefined) throw new S3Error('AccessDenied', 'Access Denied.');
  const match =
    /^AWS4-HMAC-SHA256\s+Credential=([^,\s]+),\s*SignedHeaders=([^,\s]+),\s*Signature=([0-9a-f]{64})$/.exec(
      authorization,
    );
  if (match === null)
    throw new S3Error('AuthorizationHeaderMalformed', 'The authorization header is malformed.');
  const [, credential = '', signedHeaders = '', signature = ''] = match;
  const timestamp = headers['x-amz-date'] ?? '';
  if (Math.abs(timeOf(timestamp) - nowMs) > MAX_SKEW_MS) throw skewed();
  const payloadHash = headers['x-amz-content-sha256'];
  if (payloadHash === undefined)
    throw new S3Error('InvalidArgument', 'Missing required header: x-amz-content-sha256.');
  return {
    ...splitCredential(credential),
    signedHeaders: signedHeaders.split(';'),
    signature,
    timestamp,
    payloadHash,
    query: rawQuery,
  };
}

function presignedClaim({ rawQuery }: SignedRequest, nowMs: number): Claim {
  const query = new URLSearchParams(rawQuery);
  const timestamp = query.get('X-Amz-Date') ?? '';
  const expires = Number(query.get('X-Amz-Expires') ?? 'NaN');
  if (query.get('X-Amz-Algorithm') !== ALGORITHM || !(expires >= 1 && expires <= MAX_PRESIGNED_SECONDS)) {
    throw new S3Error('InvalidArgument', 'The presigned query is not complete.');
  }
  const signedAt = timeOf(timestamp);
  if (signedAt - nowMs > MAX_SKEW_MS) throw skewed();
  if (nowMs > signedAt + expires * 1000) throw new S3Error('AccessDenied', 'Request has expired');
  return {
    ...splitCredential(query.get('X-Amz-Credential') ?? ''),
    signedHeaders: (query.get('X-Amz-SignedHeaders') ?? '').split(';'),
    signature: query.get('X-Amz-Signature') ?? '',
    timestamp,
    payloadHash: UNSIGNED_PAYLOAD,
    query: rawQuery
      .split('&')
      .filter((pair) => !pair.startsWith('X-Amz-Signature='))
      .join('&'),
  };
}

function splitCredential(credential: string): { accessKey: string; scope: string } {
  const parts = credential.split('/');
  // An access key may hold slashes; the scope is always the last four parts.
  return { accessKey: parts.slice(0, -4).join('/'), scope: parts.slice(-4).join('/') };
}

function timeOf(timestamp: string): number {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(timestamp);
  if (match === null) throw new S3Error('AccessDenied', 'The request has no valid x-amz-date.');
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1).map(Number);
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

function skewed(): S3Error {
  return new S3Error(
    'RequestTimeTooSkewed',
    "The difference between the request time and the server's time is too large.",
  );
}

function sign(request: SignedRequest, claim: Claim, secretKey: string): string {
  const canonicalHeaders = claim.signedHeaders
    .map((name) => `${name}:${(request.headers[name] ?? '').trim().replaceAll(/ +/g, ' ')}\n`)
    .join('');
  const canonicalRequest = [
    request.method,
    canonicalPath(request.rawPath),
    canonicalQuery(claim.query),
    canonicalHeaders,
    claim.signedHeaders.join(';'),
    claim.payloadHash,
  ].join('\n');
  const digest = createHash('sha256').update(canonicalRequest).digest('hex');
  const text = [ALGORITHM, claim.timestamp, claim.scope, digest].join('\n');
  const key = claim.scope
    .split('/')
    .reduce<Buffer>((key, part) => hmac(key, part), Buffer.from(`AWS4${secretKey}`));
  return hmac(key, text).toString('hex');
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

/** The whole path is decoded, then each segment encoded once: an encoded slash counts as a slash, as on S3. */
function canonicalPath(rawPath: string): string {
  return decode(rawPath).split('/').map(encode).join('/');
}

function canonicalQuery(query: string): string {
  if (query === '') return '';
  const pairs = query.split('&').map((pair) => {
    const [name = '', ...value] = pair.split('=');
    return [encode(decode(name)), encode(decode(value.join('=')))] as const;
  });
  pairs.sort(([a, x], [b, y]) => (a === b ? compare(x, y) : compare(a, b)));
  return pairs.map(([name, value]) => `${name}=${value}`).join('&');
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new S3Error('InvalidArgument', 'The URL is not validly percent-encoded.');
  }
}

/** RFC 3986: everything but unreserved characters, upper-case hex. */
function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
