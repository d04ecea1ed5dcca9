import { describe, expect, test } from 'vitest';
import { hasPngSignature, PNG_SIGNATURE, pngChunk, walkPng } from '../../../src/png/chunk.ts';

const IEND = Uint8Array.of(0, 0, 0, 0, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82);
const join = (...parts: readonly Uint8Array[]) => new Uint8Array(Buffer.concat(parts));
const walk = (...chunks: readonly Uint8Array[]) => [...walkPng(join(PNG_SIGNATURE, ...chunks))];

test('a chunk has its length, its type and the CRC that the specification prints for IEND', () => {
  expect(pngChunk('IEND', new Uint8Array(0))).toEqual(IEND);
  expect([...pngChunk('tEXt', Uint8Array.of(1, 2)).subarray(0, 10)]).toEqual([
    0, 0, 0, 2, 0x74, 0x45, 0x58, 0x74, 1, 2,
  ]);
});

test.each([
  [PNG_SIGNATURE, true],
  [join(PNG_SIGNATURE, IEND), true],
  [PNG_SIGNATURE.subarray(0, 7), false],
  [Uint8Array.from(PNG_SIGNATURE, (byte, i) => (i === 7 ? 0x0d : byte)), false],
  [new Uint8Array(0), false],
])('signature %#', (bytes, expected) => {
  expect(hasPngSignature(bytes)).toBe(expected);
});

describe('walking', () => {
  test('shows every chunk up to IEND as a view, and nothing behind it', () => {
    const text = pngChunk('tEXt', Uint8Array.of(7));
    expect(walk(text, IEND, text)).toEqual([
      { type: 'tEXt', data: Uint8Array.of(7), start: 8, end: 21 },
      { type: 'IEND', data: new Uint8Array(0), start: 21, end: 33 },
    ]);
  });

  test.each([
    ['a chunk is cut off', IEND.subarray(0, 11)],
    ['a chunk is cut off', Uint8Array.from(IEND, (byte, i) => (i === 3 ? 1 : byte))],
    ['a chunk has no type', pngChunk('I1ND', new Uint8Array(0))],
    ['the checksum of chunk IEND is wrong', Uint8Array.from(IEND, (b, i) => (i === 11 ? 0 : b))],
  ])('ends where %s', (damage, chunk) => {
    const before = pngChunk('tEXt', Uint8Array.of(7));
    expect(walk(before, chunk).slice(1)).toEqual([damage]);
  });

  test('ends where there are more chunks than any encoder writes', () => {
    const many = Array.from({ length: 50_001 }, () => pngChunk('tEXt', new Uint8Array(0)));
    expect(walk(...many).at(-1)).toBe('it has more than 50000 chunks');
    expect(walk(...many.slice(1)).at(-1)).toMatchObject({ type: 'tEXt' });
  });
});
