import { S3Error } from './s3-error.ts';
import type { ObjectRecord } from './s3-files.ts';

type Headers = Readonly<Record<string, string>>;

/** RFC 9110 section 13.2.2: If-Match, If-Unmodified-Since, If-None-Match, If-Modified-Since, in this order. */
export function assertReadConditions(headers: Headers, record: ObjectRecord): 'modified' | 'not_modified' {
  const ifMatch = headers['if-match'];
  const unmodifiedSince = timeOf(headers['if-unmodified-since']);
  if (ifMatch !== undefined) {
    if (!names(ifMatch, record.md5)) throw failed();
  } else if (unmodifiedSince !== null && record.lastModified > unmodifiedSince) {
    throw failed();
  }
  const ifNoneMatch = headers['if-none-match'];
  if (ifNoneMatch !== undefined) return names(ifNoneMatch, record.md5) ? 'not_modified' : 'modified';
  const modifiedSince = timeOf(headers['if-modified-since']);
  return modifiedSince !== null && record.lastModified <= modifiedSince ? 'not_modified' : 'modified';
}

/** `If-None-Match: *` writes only where nothing is, `If-Match` only over what is known. */
export function assertWriteConditions(headers: Headers, record: ObjectRecord | null): void {
  const ifMatch = headers['if-match'];
  const ifNoneMatch = headers['if-none-match'];
  if (ifMatch !== undefined) {
    if (record === null) throw new S3Error('NoSuchKey', 'The specified key does not exist.');
    if (!names(ifMatch, record.md5)) throw failed();
  }
  if (ifNoneMatch !== undefined && record !== null && names(ifNoneMatch, record.md5)) throw failed();
}

/** One range of bytes, both ends inclusive; null: the whole. Several ranges are answered whole. */
export function byteRange(header: string | undefined, size: number): { start: number; end: number } | null {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (match === null || (match[1] === '' && match[2] === '')) return null;
  const [, first = '', last = ''] = match;
  if (first !== '' && last !== '' && Number(last) < Number(first)) return null;
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (start >= size || (first === '' && Number(last) === 0)) {
    throw new S3Error('InvalidRange', 'The requested range is not satisfiable', {
      'content-range': `bytes */${size}`,
    });
  }
  return { start, end };
}

function names(list: string, md5: string): boolean {
  return list.split(',').some((item) => {
    const tag = item.trim().replace(/^W\//, '').replaceAll('"', '');
    return tag === '*' || tag === md5;
  });
}

function timeOf(header: string | undefined): number | null {
  const time = Date.parse(header ?? '');
  return Number.isNaN(time) ? null : time;
}

function failed(): S3Error {
  return new S3Error('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold');
}
