import { createHash, createHmac } from 'node:crypto';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';

/** An S3 server and who may use it. */
export interface S3Access {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/**
 * A request byte for byte: neither path nor query is normalised on its way, as `fetch` and `URL`
 * would.
 */
export interface RawRequest {
  readonly method?: string;
  /** As it goes over the wire: percent-encoded, with a leading slash. */
  readonly path: string;
  /** Percent-encoded, without `?`. */
  readonly query?: string;
  /**
   * Names in lower case; each character is one byte (latin-1). All of them are signed but those in
   * `NOT_SIGNED`.
   */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly sign?: Signing | 'nothing';
  /** Changes what was signed before it is sent. */
  readonly tamper?: (sent: SentRequest) => void;
}

/** Departures from a right signature. */
export interface Signing {
  readonly accessKeyId?: string;
  readonly secretAccessKey?: string;
  readonly region?: string;
  readonly at?: Date;
  readonly host?: string;
  /**
   * Of `x-amz-content-sha256`; null: the header is not sent, and the hash of the body is signed.
   */
  readonly payloadHash?: string | null;
  /** Seconds that a presigned URL is good for. */
  readonly expires?: number;
}

export interface SentRequest {
  path: string;
  query: string;
  headers: Record<string, string>;
  body: Uint8Array;
}

export interface RawResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** `<Code>` of an error document, otherwise null. */
  readonly code: string | null;
}

const NOT_SIGNED = new Set(['content-type', 'content-length', 'range', 'expect']);
const ALGORITHM = 'AWS4-HMAC-SHA256';

/** Signs as SigV4 asks and sends. Rejects when the connection breaks before the answer is whole. */
export async function sendRaw(access: S3Access, request: RawRequest): Promise<RawResponse> {
  const sent = signRaw(access, request);
  request.tamper?.(sent);
  const { hostname, port } = new URL(access.endpoint);
  return new Promise((resolve, reject) => {
    const call = httpRequest(
      {
        hostname,
        port,
        method: request.method ?? 'GET',
        path: sent.query === '' ? sent.path : `${sent.path}?${sent.query}`,
        headers: sent.headers,
        agent: false,
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const body = Buffer.concat(chunks);
          const code = /<Error>.*?<Code>([^<]+)/s.exec(body.toString('latin1'))?.[1] ?? null;
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body, code });
        });
      },
    );
    call.on('error', reject);
    call.end(sent.body);
  });
}

/** What `sendRaw` would send. */
export function signRaw(access: S3Access, request: RawRequest): SentRequest {
  const { method = 'GET', path, query = '', body = new Uint8Array(), sign = {} } = request;
  const length: Record<string, string> =
    body.byteLength > 0 || method === 'PUT' || method === 'POST'
      ? { 'content-length': String(body.byteLength) }
      : {};
  const host = new URL(access.endpoint).host;
  const headers: Record<string, string> = { host, ...length, ...request.headers };
  if (sign === 'nothing') return { path, query, headers, body };

  const stamp = (sign.at ?? new Date()).toISOString().replaceAll(/[:-]|\.\d{3}/g, '');
  const scope = `${stamp.slice(0, 8)}/${sign.region ?? access.region}/s3/aws4_request`;
  const credential = `${sign.accessKeyId ?? access.accessKeyId}/${scope}`;
  const bodyHash = sha256(body);
  const isPresigned = sign.expires !== undefined;
  if (!isPresigned) {
    headers['x-amz-date'] = stamp;
    if (sign.payloadHash !== null) headers['x-amz-content-sha256'] = sign.payloadHash ?? bodyHash;
  }
  const names = Object.keys(headers)
    .filter((name) => !NOT_SIGNED.has(name))
    .toSorted();
  const pairs = query === '' ? [] : query.split('&');
  if (isPresigned) {
    pairs.push(
      `X-Amz-Algorithm=${ALGORITHM}`,
      `X-Amz-Credential=${encodeURIComponent(credential)}`,
      `X-Amz-Date=${stamp}`,
      `X-Amz-Expires=${sign.expires}`,
      `X-Amz-SignedHeaders=${encodeURIComponent(names.join(';'))}`,
    );
  }
  const signedHost = { host: sign.host ?? host };
  const canonical = [
    method,
    // An encoded slash counts as a slash.
    path.replaceAll(/%2f/gi, '/'),
    pairs
      .map((pair) => (pair.includes('=') ? pair : `${pair}=`))
      .toSorted()
      .join('&'),
    ...names.map(
      (name) =>
        `${name}:${({ ...headers, ...signedHost }[name] ?? '').trim().replaceAll(/ +/g, ' ')}`,
    ),
    '',
    names.join(';'),
    isPresigned ? 'UNSIGNED-PAYLOAD' : (sign.payloadHash ?? bodyHash),
  ].join('\n');
  const text = [ALGORITHM, stamp, scope, sha256(Buffer.from(canonical, 'latin1'))].join('\n');
  const secret = Buffer.from(`AWS4${sign.secretAccessKey ?? access.secretAccessKey}`);
  const signature = hmac(scope.split('/').reduce(hmac, secret), text).toString('hex');
  if (isPresigned)
    return { path, query: [...pairs, `X-Amz-Signature=${signature}`].join('&'), headers, body };
  headers['authorization'] =
    `${ALGORITHM} Credential=${credential}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
  return { path, query, headers, body };
}

/** Each segment percent-encoded as SigV4 wants it: all but letters, digits and `-._~`. */
export function encodeKey(key: string): string {
  return key
    .split('/')
    .map((segment) =>
      encodeURIComponent(segment).replaceAll(
        /[!'()*]/g,
        (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
      ),
    )
    .join('/');
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
