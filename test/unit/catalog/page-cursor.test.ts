import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  badCursor,
  cursorScope,
  readCursor,
  writeCursor,
} from '../../../src/catalog/page-cursor.ts';

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
      await expect(readCursor(scope, cursor)).rejects.toEqual(badCursor());
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
