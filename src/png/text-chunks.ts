import type { PngChunk } from './chunk.ts';
import { LABEL_KEYWORD, readLabel, type Label } from './provenance.ts';

/** Types of chunks that hold a keyword and a text (PNG specification, 11.3.3). */
export const TEXT_CHUNKS: ReadonlySet<string> = new Set(['tEXt', 'zTXt', 'iTXt']);
/**
 * Keywords of texts that programs are known to obey: profiles and rotations in XMP, Exif or ICC, as
 * text.
 */
const OBEYED_KEYWORD = /xmp|exif|icc|iptc|8bim|profile|orient|rotat|gamma|colou?r/i;

/**
 * Null: no program is known to obey the text. What is compressed may be more than a decoder allows,
 * which then shows nothing.
 */
export function textProblem(type: string, data: Uint8Array): string | null {
  const keyword = keywordOf(data);
  const isCompressed = type === 'zTXt' || (type === 'iTXt' && data[keyword.length + 1] !== 0);
  if (isCompressed && keyword !== LABEL_KEYWORD) return 'holds a compressed text';
  if (keyword === '') return 'holds a text without a keyword';
  return OBEYED_KEYWORD.test(keyword)
    ? 'holds a text that some programs obey, as a profile or a rotation'
    : null;
}

/** What the text chunk with our keyword says, in our form or in another; null: there is none. */
export function labelOf(chunks: readonly PngChunk[]): Label | null {
  const labels = chunks.filter(
    ({ type, data }) => TEXT_CHUNKS.has(type) && keywordOf(data) === LABEL_KEYWORD,
  );
  const [label, second] = labels;
  if (label === undefined) return null;
  if (second !== undefined)
    return { kind: 'unreadable', reason: 'the picture carries more than one label' };
  if (label.type !== 'iTXt')
    return { kind: 'unreadable', reason: `the label stands in a chunk ${label.type}` };
  return readLabel(label.data);
}

/** Up to the first zero byte, as Latin-1. */
function keywordOf(data: Uint8Array): string {
  const end = data.indexOf(0);
  return Buffer.from(data.subarray(0, Math.max(0, Math.min(end, 80)))).toString('latin1');
}
