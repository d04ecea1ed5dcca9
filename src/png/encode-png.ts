import { deflateSync } from 'node:zlib';
import { PNG_SIGNATURE, pngChunk } from './chunk.ts';
import type { PalettePixels } from './palette.ts';
import { COLOUR_TYPE } from './parts.ts';

/**
 * As quick as level 1 on a chart's long runs and an eighth smaller; from level 4 on it takes twice
 * the time.
 */
const DEFLATE_LEVEL = 3;

/**
 * A palette PNG (8 bits, no filter, not interlaced); `extra` are finished chunks that go before the
 * image data.
 */
export function encodePng(
  width: number,
  height: number,
  { colours, rows }: PalettePixels,
  extra: readonly Uint8Array[],
): Uint8Array<ArrayBuffer> {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([8, COLOUR_TYPE.palette, 0, 0, 0], 8);
  const palette = new Uint8Array(colours.length * 3);
  colours.forEach((colour, i) =>
    palette.set([colour & 255, (colour >>> 8) & 255, (colour >>> 16) & 255], i * 3),
  );
  const data = deflateSync(rows, { level: DEFLATE_LEVEL });
  return concatenate([
    PNG_SIGNATURE,
    pngChunk('IHDR', header),
    pngChunk('PLTE', palette),
    ...extra,
    pngChunk('IDAT', data),
    pngChunk('IEND', new Uint8Array(0)),
  ]);
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
