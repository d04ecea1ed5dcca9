import { describe, expect, it } from 'vitest';
import { requestedRange } from '../../../src/http/byte-range.ts';

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
