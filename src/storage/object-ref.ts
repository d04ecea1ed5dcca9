import { AppError } from '../errors.ts';
import type { ObjectRef } from './object-store.ts';

/** S3's own limit, in UTF-8 bytes. */
const KEY_MAX_BYTES = 1_024;
/** C0 controls and DEL; stores disagree about them and logs show them badly. */
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const CONTROL_CHARACTER = /[\u0000-\u001f\u007f]/;

/** Why this place may not be read or written, in words for people; null when it may. */
export function objectRefProblem(
  { bucket, key }: ObjectRef,
  buckets: readonly string[],
): string | null {
  if (!buckets.includes(bucket))
    return `the bucket "${bucket.slice(0, 64)}" is not one of MINIO_BUCKETS`;
  if (key === '') return 'the object key is empty';
  if (new TextEncoder().encode(key).byteLength > KEY_MAX_BYTES)
    return `the object key is longer than ${KEY_MAX_BYTES} bytes`;
  if (!key.isWellFormed()) return 'the object key is not valid Unicode';
  if (CONTROL_CHARACTER.test(key)) return 'the object key holds a control character';
  if (key.includes('\\')) return 'the object key holds a backslash';
  const segments = key.split('/');
  if (segments.includes('')) return 'the object key holds an empty segment';
  if (segments.includes('.') || segments.includes('..'))
    return 'the object key holds a "." or ".." segment';
  return null;
}

/** Throws `invalid_input` for a place that may not be touched. */
export function assertObjectRef(ref: ObjectRef, buckets: readonly string[]): void {
  const problem = objectRefProblem(ref, buckets);
  if (problem !== null)
    throw new AppError('invalid_input', `This object cannot be used: ${problem}.`);
}

/**
 * Parses what a row says about its image into bucket and key, or says why that is nowhere we look.
 * The host is never contacted. Known forms: `http(s)://any-host/bucket/key` (query and fragment
 * dropped), `s3://bucket/key`, `bucket/key` and `/bucket/key`, `https://bucket.any-host/key`. Works
 * on the raw text: `new URL` would quietly resolve dot-dots.
 */
export function parseStoredUrl(
  text: string,
  buckets: readonly string[],
): { ref: ObjectRef } | { problem: string } {
  const trimmed = text.trim();
  const url = /^(https?|s3):\/\/([^/?#]*)([^?#]*)/i.exec(trimmed);
  if (url !== null) {
    const [, scheme = '', authority = '', path = ''] = url;
    // s3:// addresses are written as they are, not percent-encoded; `?` and `#` belong to the key.
    if (scheme.toLowerCase() === 's3') return checked(trimmed.slice(5).split('/'), buckets);
    const segments = decoded(path.replace(/^\//, ''));
    const host = authority.replace(/^.*@/, '').toLowerCase();
    const hostBucket = buckets.find((bucket) => host.startsWith(`${bucket}.`));
    if (hostBucket === undefined || isBucketFirst(segments, buckets))
      return checked(segments, buckets);
    return checked(segments === null ? null : [hostBucket, ...segments], buckets);
  }
  if (/^[a-z][a-z0-9+.-]*:/i.test(trimmed))
    return { problem: 'the stored address is neither http(s) nor s3' };
  // A plain path is not percent-encoded.
  const segments = trimmed.replace(/^\//, '').split('/');
  if (!isBucketFirst(segments, buckets)) {
    return { problem: 'the row names a local file, or a place outside of MINIO_BUCKETS' };
  }
  return checked(segments, buckets);
}

function isBucketFirst(segments: readonly string[] | null, buckets: readonly string[]): boolean {
  return segments?.[0] !== undefined && buckets.includes(segments[0]);
}

/**
 * Each segment is decoded exactly once, after splitting: a decoded slash or dot-dot then shows as
 * what it is.
 */
function decoded(path: string): string[] | null {
  try {
    return path.split('/').map((segment) => decodeURIComponent(segment));
  } catch {
    return null;
  }
}

function checked(
  segments: readonly string[] | null,
  buckets: readonly string[],
): { ref: ObjectRef } | { problem: string } {
  if (segments === null) return { problem: 'the stored address is not validly percent-encoded' };
  const [bucket = '', ...rest] = segments;
  if (bucket === '') return { problem: 'the stored address names no bucket' };
  if (rest.some((segment) => segment.includes('/')))
    return { problem: 'the stored address hides a slash in its path' };
  const ref = { bucket, key: rest.join('/') };
  const problem = objectRefProblem(ref, buckets);
  return problem === null ? { ref } : { problem };
}

/** RFC 3986 unreserved characters stay, everything else is encoded, as SigV4 wants it. */
function encodeSegment(segment: string): string {
  return encodeURIComponent(segment).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/**
 * The path-style URL of an object. Parsed back it must name exactly this host, bucket and key;
 * anything else would send our signature somewhere we did not mean. Throws `invalid_input`.
 */
export function objectUrl(endpoint: string, { bucket, key }: ObjectRef): string {
  const base = new URL(endpoint);
  const prefix = base.pathname.replace(/\/$/, '');
  const path = `${prefix}/${encodeSegment(bucket)}/${key.split('/').map(encodeSegment).join('/')}`;
  const built = new URL(`${base.origin}${path}`);
  if (built.origin !== base.origin || built.pathname !== path) {
    throw new AppError('invalid_input', 'This object key cannot be put into a URL.');
  }
  return built.href;
}
