import { createHash } from 'node:crypto';
import { convertIndexedToRgb, decode } from 'fast-png';
import { CHANNELS, type PngSamples } from './write-png.ts';

export interface ReferencePixels {
  readonly width: number;
  readonly height: number;
  /** RGBA8 rows, unpremultiplied. */
  readonly rgba: Uint8Array;
}

/** The pixel hash as docs/chart.md describes it, pixel by pixel; null for more than 256 colours. */
export function referencePixelHash({ width, height, rgba }: ReferencePixels): string | null {
  const pixels = Buffer.from(rgba.buffer, rgba.byteOffset, rgba.byteLength);
  const order = new Map<number, number>();
  const indices = Buffer.alloc(width * height);
  for (let i = 0; i < indices.length; i++) {
    const colour = pixels.readUInt32BE(i * 4);
    const index = order.get(colour) ?? order.size;
    if (index > 255) return null;
    order.set(colour, index);
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
  const image = decode(png);
  const { width, height, depth, palette } = image;
  if (depth !== 8) throw new Error(`a picture of ${depth} bits`);
  const data = palette === undefined ? Uint8Array.from(image.data) : convertIndexedToRgb(image);
  const channels = data.length / (width * height);
  const rgba = new Uint8Array(width * height * 4).fill(255);
  for (let i = 0; i < width * height; i++) {
    const pixel = data.subarray(i * channels, (i + 1) * channels);
    const colour = channels < 3 ? [pixel[0]!, pixel[0]!, pixel[0]!] : pixel.subarray(0, 3);
    rgba.set(colour, i * 4);
    if (channels % 2 === 0) rgba[i * 4 + 3] = pixel[channels - 1]!;
  }
  return { width, height, rgba };
}
