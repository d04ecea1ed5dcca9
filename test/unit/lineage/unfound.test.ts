import { describe, expect, it } from 'vitest';
import { endingFailure, unfound } from '../../../src/lineage/unfound.ts';
import { UpstreamFailure } from '../../../src/upstream/upstream-failure.ts';

const down = new UpstreamFailure('down');
const refusal = new UpstreamFailure('no', { isOfThisRequest: true });

describe('a search for many', () => {
  it.each([
    ['fails, and each would', down, 'all', down],
    ['fails on a page', down, null, down],
    ['is refused, and each may be taken', refusal, 'all', null],
    ['is refused, and each may be taken in the usual way', refusal, 'usual', null],
    ['is refused on a page, which asks for nothing alone', refusal, null, refusal],
    ['works', null, 'all', null],
  ] as const)('%s', (_, failure, alone, ending) => {
    expect(endingFailure(failure, alone)).toBe(ending);
  });
});

describe('what was not decided', () => {
  it('has failed with MLflow', () => {
    for (const isSearched of [true, false])
      expect(unfound(isSearched, down)).toEqual({ kind: 'failed', failure: down });
  });

  it('was asked for in part, or not at all where siblings name its run', () => {
    expect(unfound(true, null)).toEqual({ kind: 'partial' });
    expect(unfound(false, null)).toEqual({ kind: 'unasked' });
  });
});
