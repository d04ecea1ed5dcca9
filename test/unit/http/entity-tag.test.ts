import { describe, expect, it } from 'vitest';
import { entityTagsOf, isAnyTag, strongTag, weakTag } from '../../../src/http/entity-tag.ts';

describe('entityTagsOf', () => {
  const strong = (opaque: string) => ({ isWeak: false, opaque });
  const weak = (opaque: string) => ({ isWeak: true, opaque });

  it.each([
    ['', []],
    ['*', []],
    ['a', []],
    ['"a"', [strong('"a"')]],
    ['""', [strong('""')]],
    ['W/"a"', [weak('"a"')]],
    // The W is case-sensitive (8.8.3).
    ['w/"a"', [strong('"a"')]],
    ['"a", W/"b"', [strong('"a"'), weak('"b"')]],
    ['"a","b"', [strong('"a"'), strong('"b"')]],
    ['"x,a"', [strong('"x,a"')]],
    ['"x,"a"', [strong('"x,"')]],
    ['"a', []],
    [' , "a" , ,', [strong('"a"')]],
  ])('%s', (field, tags) => {
    expect(entityTagsOf(field)).toEqual(tags);
  });

  it('reads what is written here', () => {
    expect(entityTagsOf(`${strongTag('a')}, ${weakTag('b')}`)).toEqual([
      strong('"a"'),
      weak('"b"'),
    ]);
  });
});

describe('isAnyTag', () => {
  it.each([
    ['*', true],
    [' * ', true],
    ['"*"', false],
    ['', false],
    ['*, "a"', false],
  ])('%s: %s', (field, isAny) => {
    expect(isAnyTag(field)).toBe(isAny);
  });
});
