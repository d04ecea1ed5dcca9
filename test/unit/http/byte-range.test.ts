import { describe, expect, it } from 'vitest';
import { rangedResponse, requestedRange } from '../../../src/http/byte-range.ts';

describe('requestedRange', () => {
  it.each([
    [undefined, undefined, 'whole'],
    ['bytes=0-9', undefined, { start: 0, end: 9 }],
    ['bytes=90-', undefined, { start: 90, end: 99 }],
    ['bytes=90-1000', undefined, { start: 90, end: 99 }],
    ['bytes=-10', undefined, { start: 90, end: 99 }],
    ['bytes=-1000', undefined, { start: 0, end: 99 }],
    ['bytes=100-', undefined, 'unsatisfiable'],
    ['bytes=-0', undefined, 'unsatisfiable'],
    ['bytes=9-0', undefined, 'whole'],
    ['bytes=0-1,5-6', undefined, 'whole'],
    ['items=0-1', undefined, 'whole'],
    ['bytes=-', undefined, 'whole'],
    ['bytes=a-b', undefined, 'whole'],
    ['bytes=0-9', '"tag"', { start: 0, end: 9 }],
    ['bytes=0-9', '"other"', 'whole'],
    ['bytes=0-9', 'Wed, 21 Oct 2015 07:28:00 GMT', 'whole'],
  ])('%s with If-Range %s', (range, ifRange, expected) => {
    expect(requestedRange(range, ifRange, 100, '"tag"')).toEqual(expected);
  });

  it('does not let If-Range match a weak tag', () => {
    expect(requestedRange('bytes=0-9', 'W/"tag"', 100, 'W/"tag"')).toBe('whole');
  });
});

describe('rangedResponse', () => {
  const bytes = Uint8Array.from([0, 1, 2, 3, 4]);
  const respond = (method: string, headers: Record<string, string> = {}) =>
    rangedResponse(
      new Request('https://chartproof.test/', { method, headers }),
      { bytes, etag: '"tag"', noun: 'image' },
      new Headers({ 'x-kept': 'yes' }),
    );

  it.each([
    ['GET', {}, 200, '5', null, [0, 1, 2, 3, 4]],
    ['HEAD', {}, 200, '5', null, []],
    ['GET', { range: 'bytes=1-2' }, 206, '2', 'bytes 1-2/5', [1, 2]],
    ['GET', { range: 'bytes=-1' }, 206, '1', 'bytes 4-4/5', [4]],
    // Only GET knows ranges.
    ['HEAD', { range: 'bytes=1-2' }, 200, '5', null, []],
    ['GET', { range: 'bytes=1-2', 'if-range': '"other"' }, 200, '5', null, [0, 1, 2, 3, 4]],
  ])('%s with %o is %i', async (method, headers, status, length, range, body) => {
    const response = respond(method, headers);
    expect(response.status).toBe(status);
    expect(response.headers.get('x-kept')).toBe('yes');
    expect(response.headers.get('content-length')).toBe(length);
    expect(response.headers.get('content-range')).toBe(range);
    expect([...new Uint8Array(await response.arrayBuffer())]).toEqual(body);
  });

  it('refuses a range that begins behind the end, and says how long it is', () => {
    expect(() => respond('GET', { range: 'bytes=5-' })).toThrow(
      expect.objectContaining({
        code: 'range_not_satisfiable',
        message: 'The image has 5 bytes.',
        headers: { 'content-range': 'bytes */5' },
      }),
    );
  });
});
