import { createHash } from 'node:crypto';
import { decode, type IndexedColors } from 'fast-png';
import { CHANNELS, type PngSamples } from './write-png.ts';

export interface ReferencePixels {
  readonly width: number;
  readonly height: number;
  /** RGBA8 rows, unpremultiplied. */
  readonly rgba: Uint8Array;
}

/** The pixel hash as docs/chart.md describes it, pixel by pixel; null for more than 256 colours. */
export function referencePixelHash({ width, height, rgba }: ReferencePixels): string | null {
  const pixels = new DataView(rgba.buffer, rgba.byteOffset, rgba.byteLength);
  const order = new Map<number, number>();
  const indices = Buffer.alloc(width * height);
  let last: number | null = null;
  let index = 0;
  for (let i = 0; i < indices.length; i++) {
    const colour = pixels.getUint32(i * 4);
    // A picture has millions of pixels, and most are like their neighbour.
    if (colour !== last) {
      index = order.get(colour) ?? order.size;
      if (index > 255) return null;
      order.set(colour, index);
      last = colour;
    }
    indices[i] = index;
  }
  const head = Buffer.alloc(10 + order.size * 4);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.writeUInt16BE(order.size, 8);
  for (const [colour, index] of order) head.writeUInt32BE(colour, 10 + index * 4);
  return createHash('sha256').update(head).update(indices).digest('hex');
}

/**
 * What the samples of a PNG show, by the words of its specification; `exact` is false where 16 bits
 * are not 8.
 */
export function pixelsOfSamples(image: PngSamples): ReferencePixels & { readonly exact: boolean } {
  const { width, height, depth, colourType, samples, palette, transparency } = image;
  const channels = CHANNELS[colourType] ?? 1;
  const most = 2 ** depth - 1;
  const rgba = new Uint8Array(width * height * 4);
  let exact = true;
  const eight = (sample: number): number => {
    if (depth !== 16) return (sample * 255) / most;
    if (sample % 257 !== 0) exact = false;
    return sample >> 8;
  };
  for (let i = 0; i < width * height; i++) {
    const pixel = Array.from(
      { length: channels },
      (_, channel) => samples[i * channels + channel]!,
    );
    if (colourType === 3) {
      const at = pixel[0]! * 3;
      rgba.set([...palette!.subarray(at, at + 3), transparency?.[pixel[0]!] ?? 255], i * 4);
      continue;
    }
    const clear =
      transparency !== undefined &&
      pixel.every(
        (sample, k) => sample === (((transparency[k * 2]! << 8) | transparency[k * 2 + 1]!) & most),
      );
    const colour = channels < 3 ? [pixel[0]!, pixel[0]!, pixel[0]!] : pixel.slice(0, 3);
    const alpha = channels % 2 === 0 ? eight(pixel[channels - 1]!) : clear ? 0 : 255;
    rgba.set([...colour.map(eight), alpha], i * 4);
  }
  return { width, height, rgba, exact };
}

/** The pixels of a PNG of 8 bits that is not interlaced, by fast-png, which reads those rightly. */
export function readPixels(png: Uint8Array): ReferencePixels {
  const { width, height, depth, palette, data, channels } = decode(png);
  if (depth !== 8) throw new Error(`a picture of ${depth} bits`);
  const rgba = new Uint8Array(width * height * 4).fill(255);
  if (palette !== undefined) paint(rgba, data, palette);
  else {
    const [green, blue] = channels < 3 ? [0, 0] : [1, 2];
    // Millions of times: one array for each pixel would take longer than all else.
    for (let to = 0, from = 0; to < rgba.length; to += 4, from += channels) {
      rgba[to] = data[from]!;
      rgba[to + 1] = data[from + green]!;
      rgba[to + 2] = data[from + blue]!;
      if (channels % 2 === 0) rgba[to + 3] = data[from + channels - 1]!;
    }
  }
  return { width, height, rgba };
}

function paint(rgba: Uint8Array, indices: ArrayLike<number>, palette: IndexedColors): void {
  const colours = palette.flatMap(([red, green, blue, alpha = 255]) => [
    red!,
    green!,
    blue!,
    alpha,
  ]);
  for (let to = 0; to < rgba.length; to += 4) {
    const from = indices[to / 4]! * 4;
    if (from >= colours.length) throw new Error('a colour that the palette does not have');
    rgba[to] = colours[from]!;
    rgba[to + 1] = colours[from + 1]!;
    rgba[to + 2] = colours[from + 2]!;
    rgba[to + 3] = colours[from + 3]!;
  }
}
