import { S3Error } from './error.ts';
import type { ObjectRecord } from './object-files.ts';

type Headers = Readonly<Record<string, string>>;

/**
 * RFC 9110 section 13.2.2: If-Match, If-Unmodified-Since, If-None-Match, If-Modified-Since, in this
 * order.
 */
export function assertReadConditions(
  headers: Headers,
  record: ObjectRecord,
): 'modified' | 'not_modified' {
  const ifMatch = headers['if-match'];
  const unmodifiedSince = timeOf(headers['if-unmodified-since']);
  if (ifMatch !== undefined) {
    if (!isStrongMatch(ifMatch, record.md5)) throw failed(record);
  } else if (unmodifiedSince !== null && record.lastModified > unmodifiedSince) {
    throw failed(record);
  }
  const ifNoneMatch = headers['if-none-match'];
  if (ifNoneMatch !== undefined)
    return isWeakMatch(ifNoneMatch, record.md5) ? 'not_modified' : 'modified';
  const modifiedSince = timeOf(headers['if-modified-since']);
  return modifiedSince !== null && record.lastModified <= modifiedSince
    ? 'not_modified'
    : 'modified';
}

/** `If-None-Match: *` writes only where nothing is, `If-Match` only over what is known. */
export function assertWriteConditions(headers: Headers, record: ObjectRecord | null): void {
  const ifMatch = headers['if-match'];
  const ifNoneMatch = headers['if-none-match'];
  if (ifMatch !== undefined) {
    if (record === null) throw new S3Error('NoSuchKey', 'The specified key does not exist.');
    if (!isStrongMatch(ifMatch, record.md5)) throw failed(record);
  }
  if (ifNoneMatch !== undefined && record !== null && isWeakMatch(ifNoneMatch, record.md5))
    throw failed(record);
}

/** What goes with 304 and 412 too (RFC 9110 section 15.4.5). */
export function validatorHeaders(record: ObjectRecord): Record<string, string> {
  const { 'cache-control': cacheControl, expires } = record.headers;
  return {
    etag: `"${record.md5}"`,
    'last-modified': new Date(record.lastModified).toUTCString(),
    ...(cacheControl === undefined ? {} : { 'cache-control': cacheControl }),
    ...(expires === undefined ? {} : { expires }),
  };
}

/**
 * One range of bytes, both ends inclusive; null: the whole. Several ranges and what is not
 * understood are answered whole. Throws `InvalidRange` for one that is beyond the object or
 * backwards.
 */
export function byteRange(
  header: string | undefined,
  size: number,
): { start: number; end: number } | null {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (match === null || (match[1] === '' && match[2] === '')) return null;
  const [, first = '', last = ''] = match;
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  const isBackwards = first !== '' && last !== '' && Number(last) < Number(first);
  if (isBackwards || start >= size || (first === '' && Number(last) === 0)) {
    const headers = { 'content-range': `bytes */${size}` };
    throw new S3Error('InvalidRange', 'The requested range is not satisfiable', { headers });
  }
  return { start, end };
}

function tags(list: string): string[] {
  return list.split(',').map((item) => item.trim());
}

/** RFC 9110 section 8.8.3.2: a weak tag never matches. Quotes may be missing, as S3 allows. */
function isStrongMatch(list: string, md5: string): boolean {
  return tags(list).some((tag) => tag === '*' || tag.replaceAll('"', '') === md5);
}

function isWeakMatch(list: string, md5: string): boolean {
  return isStrongMatch(list.replaceAll(/(^|,\s*)W\//g, '$1'), md5);
}

/** What is not an HTTP date counts as not there. */
function timeOf(header: string | undefined): number | null {
  const isHttpDate = /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/.test(
    header ?? '',
  );
  const time = isHttpDate ? Date.parse(header ?? '') : Number.NaN;
  return Number.isNaN(time) ? null : time;
}

function failed(record: ObjectRecord): S3Error {
  const message = 'At least one of the pre-conditions you specified did not hold';
  return new S3Error('PreconditionFailed', message, { headers: validatorHeaders(record) });
}
