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
