import { walkPng, type PngChunk } from './chunk.ts';
import { COLOUR_TYPE, MOST_PALETTE_BYTES } from './parts.ts';
import type { Label } from './provenance.ts';
import { labelOf, TEXT_CHUNKS, textProblem } from './text-chunks.ts';

/**
 * A chunk that a viewer may show, and a reader of pixels does not see; `message` goes on from the
 * chunk's name.
 */
export interface ChunkFinding {
  /** Four letters, as in the file; what follows the end is said of `IEND`. */
  readonly chunk: string;
  readonly message: string;
}

/** How the chunks of a PNG compare with those that are written here, whatever its pixels are. */
export interface PngStructure {
  /** Exactly our chunks in our order, 8 bits with a palette, not interlaced. */
  readonly isOurs: boolean;
  /**
   * What may make a viewer show something else than the pixels; empty: no viewer shows a
   * difference.
   */
  readonly visible: readonly ChunkFinding[];
  /**
   * The first of them that the specification forbids a decoder to go on over; null: there is none.
   */
  readonly fatal: ChunkFinding | null;
  /** What the text chunk with our keyword says; null: there is none. */
  readonly label: Label | null;
  /** The 13 bytes of IHDR, unchecked. */
  readonly header: Uint8Array;
  /** Bytes of the first palette and of all image data together. */
  readonly paletteBytes: number;
  readonly dataBytes: number;
  /** Bytes up to the end of IEND. */
  readonly end: number;
}

const OUR_CHUNKS = 'IHDR PLTE iTXt IDAT IEND';
/** Bit depth 8, palette, deflate, filter method 0, not interlaced: bytes 8 to 12 of IHDR. */
const OUR_FORM = '8,3,0,0,0';
const COLOUR = 'changes how colours are shown';
/**
 * PNG specification (third edition), 11.3; what is not named here, no viewer can be known to leave
 * alone.
 */
const VISIBLE: Readonly<Record<string, string>> = {
  iCCP: COLOUR,
  cHRM: COLOUR,
  gAMA: COLOUR,
  sRGB: COLOUR,
  cICP: COLOUR,
  mDCV: COLOUR,
  cLLI: COLOUR,
  sBIT: COLOUR,
  bKGD: COLOUR,
  hIST: COLOUR,
  sPLT: COLOUR,
  eXIf: 'can turn or mirror the picture',
  acTL: 'animates the picture',
  fcTL: 'animates the picture',
  fdAT: 'holds another frame of an animation',
};
/** One-byte chunks of a large file would cost more memory than its pixels. */
const MOST_CHUNKS = 20_000;
/**
 * RGB and RGBA may suggest a palette to viewers of few colours; some decoders refuse such files all
 * the same.
 */
const MAY_SUGGEST_PALETTE = new Set<number>([COLOUR_TYPE.rgb, COLOUR_TYPE.rgba]);
const TIME_BYTES = 7;

/**
 * Reads the chunks of a PNG (PNG specification, third edition, 5.4 and 5.6). Returns the damage as
 * text when they cannot be walked up to IEND: cut off, a wrong checksum, no header, no end.
 */
export function pngStructure(bytes: Uint8Array): PngStructure | string {
  const chunks: PngChunk[] = [];
  for (const chunk of walkPng(bytes)) {
    if (typeof chunk === 'string') return chunk;
    chunks.push(chunk);
    if (chunks.length > MOST_CHUNKS) return `it has more than ${MOST_CHUNKS} chunks`;
  }
  const last = chunks.at(-1);
  if (last?.type !== 'IEND' || last.data.length > 0) return 'it does not end with IEND';
  const header = chunks[0];
  if (header?.type !== 'IHDR' || header.data.length !== 13) return 'IHDR is not its first chunk';
  const colourType = header.data[9] ?? -1;
  const { visible, suggestion } = findVisible(chunks, colourType);
  if (last.end !== bytes.length)
    visible.push({ chunk: 'IEND', message: 'is followed by something' });
  const fatal = visible.find((one) => /^[A-Z]/.test(one.chunk) && one !== suggestion) ?? null;
  const label = labelOf(chunks);
  const names = chunks.map(({ type }) => type).join(' ');
  const form = header.data.subarray(8).join();
  const isOurs =
    visible.length === 0 && names === OUR_CHUNKS && form === OUR_FORM && label?.kind === 'read';
  const paletteBytes = chunks.find(({ type }) => type === 'PLTE')?.data.length ?? 0;
  const dataBytes = chunks.reduce(
    (sum, { type, data }) => sum + (type === 'IDAT' ? data.length : 0),
    0,
  );
  return {
    isOurs,
    visible,
    fatal,
    label,
    header: header.data,
    paletteBytes,
    dataBytes,
    end: last.end,
  };
}

/** `suggestion`: the finding about a palette that is legal and no viewer needs. */
function findVisible(chunks: readonly PngChunk[], colourType: number) {
  const visible: ChunkFinding[] = [];
  let suggestion: ChunkFinding | null = null;
  const seen = new Set<string>();
  let before = '';
  for (const chunk of chunks) {
    const message = problemOf(chunk, colourType, seen, before);
    if (message !== null) visible.push({ chunk: chunk.type, message });
    const isFirst = chunk.type === 'PLTE' && !seen.has('PLTE') && !seen.has('IDAT');
    if (isFirst && MAY_SUGGEST_PALETTE.has(colourType) && isPalette(chunk.data))
      suggestion = visible.at(-1) ?? null;
    seen.add(chunk.type);
    before = chunk.type;
  }
  return { visible, suggestion };
}

function isPalette({ length }: Uint8Array): boolean {
  return length > 0 && length % 3 === 0 && length <= MOST_PALETTE_BYTES;
}

/** Null: the chunk is where it belongs, and what it says is not seen. */
function problemOf(
  { type, data }: PngChunk,
  colourType: number,
  seen: ReadonlySet<string>,
  before: string,
): string | null {
  switch (type) {
    case 'IHDR':
      return seen.has('IHDR') ? 'stands there twice' : null;
    case 'IEND':
      return null;
    case 'PLTE':
      if (seen.has('PLTE')) return 'stands there twice';
      if (seen.has('IDAT')) return 'stands behind the pixels';
      if (colourType !== COLOUR_TYPE.palette)
        return 'does not belong to pixels that name their colours';
      return isPalette(data) ? null : 'is not a palette';
    case 'IDAT':
      return seen.has('IDAT') && before !== 'IDAT' ? 'is interrupted by another chunk' : null;
    case 'tRNS':
      if (seen.has('tRNS')) return 'stands there twice';
      if (seen.has('IDAT')) return 'stands behind the pixels';
      // Decoders disagree about the one colour that it makes transparent in other pictures.
      if (colourType !== COLOUR_TYPE.palette) return 'makes a colour transparent';
      return seen.has('PLTE') ? null : 'stands before the palette';
    case 'pHYs':
      return isSquare(data) && !seen.has('IDAT') && !seen.has('pHYs')
        ? null
        : 'stretches the picture';
    case 'tIME':
      return data.length === TIME_BYTES && !seen.has('tIME') ? null : 'is not a time';
    default:
      if (TEXT_CHUNKS.has(type)) return textProblem(type, data);
      return VISIBLE[type] ?? 'is not known';
  }
}

/** Pixels per unit, x and y: a viewer that obeys others shows another shape. */
function isSquare(data: Uint8Array): boolean {
  if (data.length !== 9) return false;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  return view.getUint32(0) === view.getUint32(4) && view.getUint32(0) > 0;
}
