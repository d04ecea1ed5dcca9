import { AwsClient } from 'aws4fetch';
import { startDeadline, type PatientDeadline } from '../concurrency/patient-deadline.ts';
import { sha256Hex } from '../digest.ts';
import { AppError } from '../errors.ts';
import { assertObjectRef, objectUrl } from './object-ref.ts';
import type {
  ObjectHead,
  ObjectRef,
  ObjectStore,
  PutOptions,
  PutOutcome,
  StoredObject,
} from './object-store.ts';
import { BodyError, readCapped } from './read-capped.ts';
import { s3ErrorCode } from './s3-error-code.ts';

export interface S3Config {
  /** `http(s)://host[:port][/prefix]`. The host is signed: `localhost` is not `127.0.0.1`. */
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Allow-list; nothing else is ever asked for. */
  readonly buckets: readonly string[];
  /** Largest object that is read. */
  readonly maxBytes?: number;
  /** For one operation with all its attempts, body included. */
  readonly deadlineMs?: number;
}

const OBJECT_MAX_BYTES = 20_000_000;
const STORE_DEADLINE_MS = 5_000;
/** Further attempts after a failure that a moment may mend. */
const RETRIES = 1;
const RETRY_PAUSE_MS = 100;
const MAX_ERROR_BYTES = 64_000;
/** The cause of the failure that only a person can mend. */
export const NO_BUCKET = 'no_bucket';
const METADATA_PREFIX = 'x-amz-meta-';

interface Attempt {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'DELETE';
  readonly ref: ObjectRef;
  readonly headers?: Record<string, string>;
  readonly body?: Uint8Array<ArrayBuffer>;
}

/** An answer with its body read to the end. */
interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array<ArrayBuffer>;
}

/**
 * S3 over SigV4. Every request signs the hash of its body (aws4fetch alone would leave it unsigned
 * and a changed body would be accepted), follows no redirect (our Authorization must not travel),
 * and ends by a deadline.
 */
export function createS3ObjectStore(config: S3Config): ObjectStore {
  const maxBytes = config.maxBytes ?? OBJECT_MAX_BYTES;
  const deadlineMs = config.deadlineMs ?? STORE_DEADLINE_MS;
  const client = new AwsClient({
    accessKeyId: config.accessKeyId,
    secretAccessKey: config.secretAccessKey,
    service: 's3',
    region: config.region,
    retries: 0,
  });

  /**
   * One signed request, answered whole. Throws what `fetch` throws, or an `AppError` for a body
   * that is cut or too long.
   */
  async function send(attempt: Attempt, signal: AbortSignal): Promise<Answer> {
    const headers: Record<string, string> = {
      ...attempt.headers,
      'x-amz-content-sha256': await sha256Hex(attempt.body ?? new Uint8Array()),
    };
    const request = await client.sign(objectUrl(config.endpoint, attempt.ref), {
      method: attempt.method,
      headers,
      ...(attempt.body === undefined ? {} : { body: attempt.body }),
    });
    const response = await fetch(request, { redirect: 'manual', signal });
    return {
      status: response.status,
      headers: response.headers,
      body: await bodyOf(attempt, response, signal),
    };
  }

  /** An error's body only explains: when it is cut or too long, the status decides alone. */
  async function bodyOf(
    attempt: Attempt,
    response: Response,
    signal: AbortSignal,
  ): Promise<Uint8Array<ArrayBuffer>> {
    if (attempt.method === 'HEAD') return new Uint8Array();
    try {
      return await readCapped(response, response.ok ? maxBytes : MAX_ERROR_BYTES, signal);
    } catch (error) {
      if (!(error instanceof BodyError)) throw error;
      if (!response.ok) return new Uint8Array();
      throw unreadable(attempt, error);
    }
  }

  /**
   * Retries what is safe to repeat, once. Statuses in `expected` are the caller's to read; all else
   * is thrown.
   */
  async function ask(attempt: Attempt, expected: readonly number[]): Promise<Answer> {
    assertObjectRef(attempt.ref, config.buckets);
    const deadline = startDeadline(deadlineMs);
    try {
      return await askUntil(attempt, expected, deadline);
    } finally {
      deadline.clear();
    }
  }

  async function askUntil(
    attempt: Attempt,
    expected: readonly number[],
    deadline: PatientDeadline,
  ): Promise<Answer> {
    const { signal } = deadline;
    for (let tries = 0; ; tries += 1) {
      try {
        const answer = await send(attempt, signal);
        if (expected.includes(answer.status)) return answer;
        throw refusal(attempt, answer);
      } catch (error) {
        if (signal.aborted && deadline.wasBusy()) throw noTime(attempt);
        const failure = asFailure(attempt, error);
        const mayHelp = failure.code === 'store_unavailable' || failure.cause === 'cut';
        // A conditional PUT that was lost on the way may have been done: its repetition would meet
        // its own result.
        const mayRepeat =
          attempt.headers?.['if-match'] === undefined &&
          attempt.headers?.['if-none-match'] === undefined;
        if (!mayHelp || !mayRepeat || tries >= RETRIES || signal.aborted) throw failure;
        await new Promise((resolve) => setTimeout(resolve, RETRY_PAUSE_MS));
      }
    }
  }

  return {
    async get(ref): Promise<StoredObject | null> {
      const attempt = { method: 'GET', ref } as const;
      const answer = await ask(attempt, [200, 404]);
      if (answer.status === 404) return absent(attempt, answer);
      return { ...headOf(answer.headers), byteSize: answer.body.byteLength, bytes: answer.body };
    },

    async head(ref): Promise<ObjectHead | null> {
      const answer = await ask({ method: 'HEAD', ref }, [200, 404]);
      return answer.status === 404 ? null : headOf(answer.headers);
    },

    async put(ref, bytes, options): Promise<PutOutcome> {
      const headers = putHeaders(options);
      // 409 is another conditional write of the same key under way; If-Match on a missing key is
      // 404.
      const expected = options.condition === undefined ? [200, 404] : [200, 404, 409, 412];
      const attempt = { method: 'PUT', ref, headers, body: bytes } as const;
      const answer = await ask(attempt, expected);
      if (answer.status === 404) {
        absent(attempt, answer);
        if (headers['if-match'] === undefined) throw refusal(attempt, answer);
      }
      if (answer.status !== 200) return { stored: false, reason: 'precondition_failed' };
      const etag = answer.headers.get('etag');
      if (etag === null) throw refusal(attempt, answer);
      return { stored: true, etag };
    },

    async delete(ref): Promise<void> {
      await ask({ method: 'DELETE', ref }, [200, 204, 404]);
    },
  };
}

function putHeaders({
  contentType,
  cacheControl,
  metadata = {},
  condition,
}: PutOptions): Record<string, string> {
  const headers: Record<string, string> = { 'content-type': contentType };
  if (cacheControl !== undefined) headers['cache-control'] = cacheControl;
  for (const [name, value] of Object.entries(metadata))
    headers[`${METADATA_PREFIX}${name}`] = value;
  if (condition !== undefined && 'ifMatch' in condition) headers['if-match'] = condition.ifMatch;
  if (condition !== undefined && 'ifNoneMatch' in condition)
    headers['if-none-match'] = condition.ifNoneMatch;
  return headers;
}

/** The cause `cut` says that a repetition may help. */
function unreadable({ method, ref }: Attempt, { reason, message }: BodyError): AppError {
  const what = `${method} ${ref.bucket}/${ref.key}`;
  return reason === 'cut'
    ? new AppError(
        'store_answered_wrongly',
        `The object store broke off in the middle of an object (${what}).`,
        { cause: 'cut' },
      )
    : new AppError('store_answered_wrongly', `The object is ${message} (${what}).`);
}

/**
 * A missing object is null. A missing bucket, or a 404 that is not S3's, is a mistake in the
 * configuration.
 */
function absent(attempt: Attempt, answer: Answer): null {
  const code = s3ErrorCode(answer.body);
  if (code === 'NoSuchBucket') {
    throw new AppError(
      'store_answered_wrongly',
      `The object store has no bucket "${attempt.ref.bucket}": create it, or name another in MINIO_BUCKETS.`,
      { cause: NO_BUCKET },
    );
  }
  if (code === 'NoSuchKey' || answer.body.byteLength === 0) return null;
  throw refusal(attempt, answer);
}

function headOf(headers: Headers): ObjectHead {
  const lastModified = new Date(headers.get('last-modified') ?? '');
  const metadata: Record<string, string> = {};
  headers.forEach((value, name) => {
    if (name.startsWith(METADATA_PREFIX)) metadata[name.slice(METADATA_PREFIX.length)] = value;
  });
  return {
    etag: headers.get('etag') ?? '',
    contentType: headers.get('content-type'),
    byteSize: Number(headers.get('content-length') ?? '0'),
    lastModified: Number.isNaN(lastModified.getTime()) ? null : lastModified,
    metadata,
  };
}

/**
 * What a status that nobody expected means. Names operation, object and S3 code, never a
 * credential.
 */
function refusal({ method, ref }: Attempt, { status, body }: Answer): AppError {
  const code = s3ErrorCode(body);
  const what = `${method} ${ref.bucket}/${ref.key}: ${status}${code === null ? '' : ` ${code}`}`;
  if (status === 429 || status >= 500) {
    return new AppError('store_unavailable', `The object store cannot answer now (${what}).`);
  }
  if (status >= 300 && status < 400) {
    return new AppError(
      'store_answered_wrongly',
      `The object store redirects, which is not followed (${what}).`,
    );
  }
  if (code === 'AuthorizationHeaderMalformed') {
    return new AppError(
      'store_answered_wrongly',
      `The object store refused (${what}). Check MINIO_REGION.`,
    );
  }
  const hint =
    status === 401 || status === 403
      ? ' Check MINIO_ACCESS_KEY, MINIO_SECRET_KEY, the clock and the host.'
      : '';
  return new AppError('store_answered_wrongly', `The object store refused (${what}).${hint}`);
}

/** The deadline passed, but it was this isolate that was held up. */
function noTime({ method, ref }: Attempt): AppError {
  return new AppError(
    'busy',
    `There was no time to read the object store's answer (${method} ${ref.bucket}/${ref.key}).`,
  );
}

function asFailure({ method, ref }: Attempt, error: unknown): AppError {
  if (error instanceof AppError) return error;
  const timedOut =
    error instanceof Error && (error.name === 'TimeoutError' || error.name === 'AbortError');
  const why = timedOut ? 'did not answer in time' : 'cannot be reached';
  return new AppError(
    'store_unavailable',
    `The object store ${why} (${method} ${ref.bucket}/${ref.key}).`,
    {
      cause: error,
    },
  );
}
