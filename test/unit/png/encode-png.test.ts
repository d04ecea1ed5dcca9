import { expect, test } from 'vitest';
import { pngChunk, walkPng } from '../../../src/png/chunk.ts';
import { encodePng } from '../../../src/png/encode-png.ts';
import { reduceToPalette } from '../../../src/png/palette.ts';
import { readPixels } from '../../support/reference-pixels.ts';

test('a palette PNG that others read, with what was to go before its data', () => {
  const rgba = Uint8Array.of(1, 2, 3, 255, 9, 8, 7, 255, 1, 2, 3, 255, 1, 2, 3, 255);
  const extra = pngChunk('tEXt', Buffer.from('a\0b'));
  const png = encodePng(2, 2, reduceToPalette(rgba, 2), [extra]);
  const types = [...walkPng(png)].map((chunk) => (typeof chunk === 'string' ? chunk : chunk.type));
  expect(types).toEqual(['IHDR', 'PLTE', 'tEXt', 'IDAT', 'IEND']);
  const read = readPixels(png);
  expect([read.width, read.height, ...read.rgba]).toEqual([2, 2, ...rgba]);
});
