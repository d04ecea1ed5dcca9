import { AppError } from '../errors.ts';

/** One satisfiable byte range, both ends inclusive. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * RFC 9110 section 14: what to answer to `Range` over `size` bytes. `whole`: no range, a unit or
 * form we do not serve, several ranges (allowed to be ignored), or an `If-Range` that does not
 * hold.
 */
export function requestedRange(
  range: string | undefined,
  ifRange: string | undefined,
  size: number,
  etag: string,
): ByteRange | 'whole' | 'unsatisfiable' {
  if (range === undefined) return 'whole';
  // If-Range wants a strong match; a date would need a Last-Modified, which we do not send.
  if (ifRange !== undefined && (ifRange !== etag || etag.startsWith('W/'))) return 'whole';
  const match = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i.exec(range);
  if (match === null || (match[1] === '' && match[2] === '')) return 'whole';
  const [, first = '', last = ''] = match;
  if (first === '') {
    const suffixLength = Number(last);
    if (suffixLength === 0 || size === 0) return 'unsatisfiable';
    return { start: Math.max(0, size - suffixLength), end: size - 1 };
  }
  const start = Number(first);
  if (last !== '' && Number(last) < start) return 'whole';
  if (start >= size) return 'unsatisfiable';
  return { start, end: last === '' ? size - 1 : Math.min(Number(last), size - 1) };
}

/**
 * All of it, the range that a GET asks for, or for HEAD nothing but its length: responses made in a
 * Worker do neither ranges nor HEAD lengths by themselves. Throws `range_not_satisfiable`. `noun`:
 * what the bytes are, for the person who reads that.
 */
export function rangedResponse(
  request: Request,
  body: { readonly bytes: Uint8Array<ArrayBuffer>; readonly etag: string; readonly noun: string },
  headers: Headers,
): Response {
  const { bytes, etag, noun } = body;
  // Only GET knows ranges (RFC 9110 section 14.2).
  const range = requestedRange(
    request.method === 'GET' ? (request.headers.get('range') ?? undefined) : undefined,
    request.headers.get('if-range') ?? undefined,
    bytes.byteLength,
    etag,
  );
  if (range === 'unsatisfiable') {
    throw new AppError('range_not_satisfiable', `The ${noun} has ${bytes.byteLength} bytes.`, {
      headers: { 'content-range': `bytes */${bytes.byteLength}` },
    });
  }
  if (range === 'whole') {
    headers.set('content-length', String(bytes.byteLength));
    return new Response(request.method === 'HEAD' ? null : bytes, { headers });
  }
  const part = bytes.subarray(range.start, range.end + 1);
  headers.set('content-range', `bytes ${range.start}-${range.end}/${bytes.byteLength}`);
  headers.set('content-length', String(part.byteLength));
  return new Response(part, { status: 206, headers });
}
