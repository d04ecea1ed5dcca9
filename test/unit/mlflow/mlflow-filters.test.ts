import { describe, expect, it } from 'vitest';
import {
  commonPattern,
  likeMatches,
  MLFLOW_ID,
  quoted,
  runIdsFilter,
  startedBetween,
  startedFrom,
} from '../../../src/mlflow/mlflow-filters.ts';

describe('filters', () => {
  it('are quoted with what the value does not hold, or not at all', () => {
    expect(quoted("it's")).toBe(`"it's"`);
    expect(quoted('say "hi"')).toBe(`'say "hi"'`);
    expect(quoted('back\\slash')).toBe(`'back\\slash'`);
    expect(quoted(`both ' and "`)).toBeNull();
  });

  it.each([
    ['7', true],
    ['0f3b'.repeat(8), true],
    ['a-b_c', true],
    ['x'.repeat(255), true],
    ['x'.repeat(256), false],
    ['', false],
    ['-a', false],
    ["a' OR 'b", false],
    ['a/b', false],
    ['a b', false],
    ['é', false],
  ])('takes %j for an id of MLflow: %s', (text, isId) => {
    expect(MLFLOW_ID.test(text)).toBe(isId);
  });

  it.each([
    ['%b_d%', 'abcde', true],
    ['%b_d%', 'abde', false],
    ['a.c', 'abc', false],
    ['a.c', 'a.c', true],
    ['%', 'a\nb', true],
    ['a_c', 'a\nc', true],
    ['abc', 'abcd', false],
  ])('LIKE %j matches %j: %s', (pattern, text, isMatch) => {
    expect(likeMatches(pattern, text)).toBe(isMatch);
  });

  it.each([
    [['same'], 'same'],
    [['build 7', 'build 8'], 'build _'],
    [['build 7', 'build 18'], 'build %'],
    [['abc', 'xyz'], '___'],
    [["it's", "it's"], 'it_s'],
    [['100% a', '100% b'], '100_ _'],
    [['🚀a', '🚀b'], '🚀_'],
    [[], ''],
  ])('%j have %j in common', (texts, pattern) => {
    expect(commonPattern(texts)).toBe(pattern);
  });

  it('name runs and times', () => {
    expect(runIdsFilter(['a', 'b'])).toBe("attributes.run_id IN ('a', 'b')");
    expect(startedBetween(1, 2)).toBe('attributes.start_time >= 1 and attributes.start_time <= 2');
    expect(startedFrom(3)).toBe('attributes.start_time >= 3');
  });
});
