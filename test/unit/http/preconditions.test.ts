import { describe, expect, it } from 'vitest';
import {
  ifMatchHolds,
  ifNoneMatchHolds,
  rowEtag,
  rowPreconditions,
} from '../../../src/http/preconditions.ts';

const version = '0123456789abcdef0123456789abcdef';
const etag = rowEtag(version, 'aaaaaaaaaaaaaaaa');
const sameRow = rowEtag(version, 'bbbbbbbbbbbbbbbb');
const otherRow = rowEtag('f'.repeat(32), 'aaaaaaaaaaaaaaaa');

describe('ifMatchHolds', () => {
  it.each([
    [undefined, etag, true],
    ['*', etag, true],
    [' * ', 'W/"a"', true],
    [etag, etag, true],
    [sameRow, etag, true],
    [otherRow, etag, false],
    [`"x", ${etag}`, etag, true],
    [`W/${etag}`, etag, false],
    [`W/"x", ${etag}`, etag, true],
    ['', etag, false],
    ['nonsense', etag, false],
    [`"${version}"`, etag, false],
    [version, etag, false],
    ['"a"', '"a"', true],
    ['"b"', '"a"', false],
    ['W/"a"', 'W/"a"', false],
    ['"a"', 'W/"a"', false],
    ['"x,"a"', '"a"', false],
  ])('%s against %s is %s', (header, tag, holds) => {
    expect(ifMatchHolds(header, tag)).toBe(holds);
  });
});

describe('ifNoneMatchHolds', () => {
  it.each([
    [undefined, '"a"', false],
    ['"a"', '"a"', true],
    ['"b"', '"a"', false],
    ['"b", "a"', '"a"', true],
    ['W/"a"', '"a"', true],
    ['"a"', 'W/"a"', true],
    ['*', '"a"', true],
    ['a', '"a"', false],
    ['"x,a"', '"a"', false],
    ['"x,"a"', '"a"', false],
    ['', '"a"', false],
  ])('%s against %s is %s', (header, etag, holds) => {
    expect(ifNoneMatchHolds(header, etag)).toBe(holds);
  });
});

describe('rowPreconditions', () => {
  it.each([
    [undefined, undefined, { ifVersions: null, unlessVersions: null }],
    ['*', '*', { ifVersions: null, unlessVersions: 'any' }],
    [etag, undefined, { ifVersions: [version], unlessVersions: null }],
    [`W/${etag}`, undefined, { ifVersions: [], unlessVersions: null }],
    ['"other"', '"other"', { ifVersions: [], unlessVersions: [] }],
    [undefined, `W/${etag}`, { ifVersions: null, unlessVersions: [version] }],
    [`${etag}, ${otherRow}`, undefined, { ifVersions: { length: 2 }, unlessVersions: null }],
    ['', undefined, { ifVersions: [], unlessVersions: null }],
    [`"'; drop table artifacts; --"`, undefined, { ifVersions: [], unlessVersions: null }],
  ])('If-Match %s and If-None-Match %s', (ifMatch, ifNoneMatch, expected) => {
    expect(rowPreconditions(ifMatch, ifNoneMatch)).toMatchObject(expected);
  });
});
