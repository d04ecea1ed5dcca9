import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  blamingCursor,
  cursorScope,
  readCursor,
  writeCursor,
} from '../../../src/catalog/page-cursor.ts';
import { sha256Hex } from '../../../src/digest.ts';

const positions = fc.record({
  value: fc.option(fc.string({ unit: 'grapheme' })),
  id: fc.integer({ min: -2_147_483_647, max: 2_147_483_647 }),
  upToId: fc.option(fc.integer({ min: 0, max: 2_147_483_647 })),
});

describe('a cursor', () => {
  it('comes back as it went, in characters that a URL takes', async () => {
    await fc.assert(
      fc.asyncProperty(positions, fc.string(), async (position, scope) => {
        const cursor = await writeCursor(scope, position);
        expect(cursor).toMatch(/^[\w-]+$/);
        expect(await readCursor(scope, cursor)).toEqual(position);
      }),
    );
  });

  it('is of use for its own list only', async () => {
    const cursor = await writeCursor(cursorScope('artifacts', 'name', { symbol: 'A' }), {
      value: 'x',
      id: 1,
      upToId: null,
    });
    const others = [
      cursorScope('groups', 'name', { symbol: 'A' }),
      cursorScope('artifacts', '-name', { symbol: 'A' }),
      cursorScope('artifacts', 'name', { symbol: 'B' }),
      cursorScope('artifacts', 'name', { run_id: 'A' }),
      cursorScope('artifacts', 'name', {}),
    ];
    for (const scope of others) {
      await expect(readCursor(scope, cursor)).rejects.toMatchObject({
        code: 'invalid_input',
        fields: [{ field: 'cursor' }],
      });
      await expect(readCursor(scope, cursor)).rejects.toMatchObject({
        code: 'invalid_input',
        fields: [{ field: 'cursor' }],
      });
    }
  });

  it('does not mind in which order the filters stand, nor those that are not given', () => {
    expect(cursorScope('artifacts', 'name', { a: '1', b: '2', c: undefined })).toBe(
      cursorScope('artifacts', 'name', { b: '2', a: '1' }),
    );
  });

  it('is refused with any character changed', async () => {
    const cursor = await writeCursor('scope', {
      value: '2025-11-15 13:54:31.98165+00',
      id: 42,
      upToId: 77,
    });
    await fc.assert(
      fc.asyncProperty(
        fc.nat(cursor.length - 1),
        fc.constantFrom(...'Aaz09-_=%'),
        async (at, character) => {
          fc.pre(cursor[at] !== character);
          const damaged = `${cursor.slice(0, at)}${character}${cursor.slice(at + 1)}`;
          await expect(readCursor('scope', damaged)).rejects.toMatchObject({
            fields: [{ field: 'cursor' }],
          });
        },
      ),
    );
  });
});

describe('a forged cursor', () => {
  /** Whole and with the right hash, which is no secret. */
  const forge = async (after: unknown) => {
    const check = (await sha256Hex(JSON.stringify(['scope', after]))).slice(0, 16);
    return Buffer.from(JSON.stringify({ after, check })).toString('base64url');
  };
  const refused = { code: 'invalid_input', fields: [{ field: 'cursor' }] };

  it('is taken where it says what a cursor may say', async () => {
    expect(await readCursor('scope', await forge(['x', 1, null]))).toEqual({
      value: 'x',
      id: 1,
      upToId: null,
    });
    for (const id of [2_147_483_647, -2_147_483_647, 0])
      expect(await readCursor('scope', await forge([null, id, id]))).toMatchObject({ id });
  });

  it.each([
    ['too short', ['x', 1]],
    ['too long', ['x', 1, null, 1]],
    ['no list', { 0: 'x', 1: 1, 2: null, length: 3 }],
    ['a value that is no text', [1, 1, null]],
    ['a value that is an object', [{}, 1, null]],
    ['an id that is text', ['x', '1', null]],
    ['no id', ['x', null, null]],
    ['half an id', ['x', 1.5, null]],
    ['an id beyond the column', ['x', 2_147_483_648, null]],
    ['an id below the column', ['x', -2_147_483_648, null]],
    ['an end that is text', ['x', 1, '1']],
    ['half an end', ['x', 1, 1.5]],
    ['an end beyond the column', ['x', 1, 2_147_483_648]],
  ])('is refused: %s', async (_, after) => {
    await expect(readCursor('scope', await forge(after))).rejects.toMatchObject(refused);
  });

  it.each([
    ['nothing', ''],
    ['null', Buffer.from('null').toString('base64url')],
    ['a number', Buffer.from('7').toString('base64url')],
    ['no JSON', Buffer.from('{').toString('base64url')],
    ['not base64url', 'a+b/'],
  ])('is refused: %s', async (_, text) => {
    await expect(readCursor('scope', text)).rejects.toMatchObject(refused);
  });

  it('is refused in any other spelling of the same bytes', async () => {
    const cursor = await forge(['x', 1, null]);
    for (const other of [`${cursor}=`, `${cursor} `, `${cursor}\n`])
      await expect(readCursor('scope', other)).rejects.toMatchObject(refused);
  });

  it('is refused with a hash that is too short or too long', async () => {
    const cursor = await forge(['x', 1, null]);
    const whole = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as { check: string };
    for (const check of [whole.check.slice(0, -1), `${whole.check}0`]) {
      const text = Buffer.from(JSON.stringify({ ...whole, check })).toString('base64url');
      await expect(readCursor('scope', text)).rejects.toMatchObject(refused);
    }
  });
});

describe('blamingCursor', () => {
  const after = { value: 'x', id: 1, upToId: null };
  const failing = (code: string) => () => Promise.reject(Object.assign(new Error('sql'), { code }));

  it.each([
    // Of a value that its column does not take.
    ['22P02', after, 'invalid_input'],
    ['22007', after, 'invalid_input'],
    ['22P02', null, '22P02'],
    ['57014', after, '57014'],
  ])('blames %s on a cursor that was given, and nothing else', async (code, position, told) => {
    await expect(blamingCursor(position, failing(code))).rejects.toMatchObject({ code: told });
  });

  it('gives what was read', async () => {
    expect(await blamingCursor(after, async () => 7)).toBe(7);
  });
});
