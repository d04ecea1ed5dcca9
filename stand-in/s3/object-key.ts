import { S3Error } from './error.ts';

const MAX_KEY_BYTES = 1_024;
const MAX_SEGMENT_BYTES = 255;
const BUCKET_NAME = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/** Refuses `.` and `..` between slashes wherever they stand, before anything else is looked at. */
export function assertNoDotSegments(rawPath: string, query: URLSearchParams): void {
  // Delimiters may be dots.
  const values = [...query].filter(([name]) => name !== 'delimiter').map(([, value]) => value);
  for (const text of [decode(rawPath), ...values]) {
    const hasDots = text
      .split(/[/\\]/)
      .some((segment) => /^[\t-\r ]*\.{1,2}[\t-\r ]*$/.test(segment));
    if (hasDots)
      throw new S3Error(
        'XMinioInvalidResourceName',
        'Resource name contains bad components such as ".." or ".".',
      );
  }
}

/** Path style only: `/bucket/key`. */
export function splitPath(rawPath: string): { bucket: string; key: string } {
  const [, bucket = '', ...segments] = decode(rawPath).split('/');
  if (bucket === '.tmp' || /[\\\0]/.test(bucket))
    throw new S3Error('InvalidBucketName', 'The specified bucket is not valid.');
  return { bucket, key: segments.join('/') };
}

/** Keys that a store on a file system refuses are refused here too. */
export function assertKey(key: string, method: string): void {
  if (method === 'PUT' && Buffer.byteLength(key) > MAX_KEY_BYTES)
    throw new S3Error('KeyTooLongError', 'Your key is too long');
  const segments = key.replace(/\/$/, '').split('/');
  const isBad =
    // oxlint-disable-next-line no-control-regex -- they cannot be listed in XML
    /[\u0000-\u001f\u007f]/.test(key) ||
    segments.includes('') ||
    (method !== 'DELETE' &&
      segments.some((segment) => Buffer.byteLength(segment) > MAX_SEGMENT_BYTES));
  if (isBad)
    throw new S3Error('XMinioInvalidObjectName', 'Object name contains unsupported characters.');
}

/** A prefix may be the beginning of a key that could be. */
export function assertPrefix(prefix: string): void {
  if (prefix.includes('//'))
    throw new S3Error('XMinioInvalidObjectName', 'Object name contains unsupported characters.');
}

export function assertBucketName(name: string): void {
  if (!BUCKET_NAME.test(name) || /\.\.|\.-|-\.|^\d+\.\d+\.\d+\.\d+$/.test(name))
    throw new S3Error('InvalidBucketName', 'The specified bucket is not valid.');
}

/** Percent-decoded. What is not UTF-8 cannot have been signed. */
export function decode(text: string): string {
  if (/%(?![0-9a-f]{2})/i.test(text))
    throw new S3Error('InvalidArgument', 'The URL is not validly percent-encoded.');
  try {
    return decodeURIComponent(text);
  } catch {
    throw new S3Error(
      'SignatureDoesNotMatch',
      'The request signature we calculated does not match the signature you provided.',
    );
  }
}
