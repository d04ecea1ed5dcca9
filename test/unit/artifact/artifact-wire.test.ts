import { describe, expect, it } from 'vitest';
import { toColumns, toWire } from '../../../src/artifact/artifact-wire.ts';
import { artifactRow } from '../../support/artifact-row.ts';

describe('toWire', () => {
  it.each([
    ['0.85', 0.85],
    ['1.00', 1],
    ['0', 0],
    [null, null],
  ])('confidence %s is %s', (confidence, told) => {
    expect(toWire(artifactRow({ confidence })).confidence).toBe(told);
  });

  it('writes times as ISO 8601 with all their microseconds, and metadata by its name', () => {
    const wire = toWire(
      artifactRow({ updated_at: '2025-11-15 15:55:58.1+02', artifact_metadata: [1] }),
    );
    expect(wire).toMatchObject({
      created_at: '2025-11-15T13:55:58.123456+00:00',
      updated_at: '2025-11-15T15:55:58.100000+02:00',
      metadata: [1],
    });
    expect(wire).not.toHaveProperty('artifact_metadata');
  });
});

describe('toColumns', () => {
  it.each([
    ['a percentage', 85, '0.85'],
    ['a share', 0.85, '0.85'],
    ['all of it', 1, '1'],
    ['nothing', 0, '0'],
    ['unknown', null, null],
  ])('keeps confidence as a share: %s', (_, confidence, stored) => {
    expect(toColumns({ confidence })).toEqual({ confidence: stored });
  });

  it('counts characters, not UTF-16 units, and forgets lengths with their texts', () => {
    expect(toColumns({ prompt: 'a𝄞b', response: null })).toEqual({
      prompt: 'a𝄞b',
      prompt_length: 3,
      response: null,
      response_length: null,
    });
  });

  it('leaves alone what was not said, and clears what is null', () => {
    expect(toColumns({ symbol: null, name: undefined, metadata: { a: 1 } })).toEqual({
      symbol: null,
      artifact_metadata: { a: 1 },
    });
  });
});
