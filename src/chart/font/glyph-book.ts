import satori, { init, type Font, type SatoriNode } from 'satori/standalone';
import { GlyphSheet } from './glyph-sheet.tsx';
import { FONT_FAMILY, LINE_ASCENT, LINE_DESCENT, type Weight } from './inter.ts';
import { parseOutline, relativePath, units, type OutlineStep } from './outline.ts';

/**
 * One character as satori draws it: how far it advances and its outline from the pen, both per
 * pixel of font size.
 */
interface Glyph {
  readonly advance: number;
  readonly outline: readonly OutlineStep[];
}

/**
 * Satori rounds advances up to whole pixels; at this size the error is below a thousandth of the
 * font size.
 */
const LAYOUT_PX = 2000;
/**
 * With a line height of 1 the baseline lies as far below the middle of the line as ascent and
 * descent leave it.
 */
const BASELINE_PX = LAYOUT_PX * (0.5 + (LINE_ASCENT - LINE_DESCENT) / 2);
const MAX_GLYPHS = 4_000;
const MAX_OUTLINES = 8_000;

const ELLIPSIS = '\u2026';

/**
 * Lays each character out once through satori and composes texts from them: the fonts have no
 * kerning and digits of one width, so a text is the sum of its characters. What is kept never
 * changes what is drawn, only how soon.
 */
export class GlyphBook {
  readonly #fonts: Font[];
  readonly #glyphs = new Map<string, Glyph>();
  readonly #outlines = new Map<string, string>();

  constructor(fonts: Font[]) {
    this.#fonts = fonts;
  }

  /** Starts satori's layout engine and takes the two weights. Call once per isolate. */
  static async open(
    yoga: WebAssembly.Module,
    regular: ArrayBuffer,
    bold: ArrayBuffer,
  ): Promise<GlyphBook> {
    await init(yoga);
    return new GlyphBook([
      { name: FONT_FAMILY, data: regular, weight: 400, style: 'normal' },
      { name: FONT_FAMILY, data: bold, weight: 600, style: 'normal' },
    ]);
  }

  get fonts(): Font[] {
    return this.#fonts;
  }

  /** Makes `width` and `outline` possible for all characters of `text`. */
  async learn(text: string, weight: Weight): Promise<void> {
    if (this.#glyphs.size > MAX_GLYPHS) this.#glyphs.clear();
    const missing = [...new Set(text)].filter(
      (character) => !this.#glyphs.has(glyphKey(character, weight)),
    );
    if (missing.length === 0) return;
    const glyphs = await layOut(missing, weight, this.#fonts);
    missing.forEach((character, i) => {
      const glyph = glyphs[i];
      if (glyph !== undefined) this.#glyphs.set(glyphKey(character, weight), glyph);
    });
  }

  /** Pixels that `text` advances. */
  width(text: string, size: number, weight: Weight): number {
    let advance = 0;
    for (const character of text) advance += this.#glyph(character, weight).advance;
    return advance * size;
  }

  /** `text`, cut and ended with an ellipsis when it is wider than `most` pixels. */
  fit(text: string, size: number, weight: Weight, most: number): string {
    if (this.width(text, size, weight) <= most) return text;
    const characters = [...text];
    while (characters.length > 0 && this.width(characters.join('') + ELLIPSIS, size, weight) > most)
      characters.pop();
    return characters.join('').trimEnd() + ELLIPSIS;
  }

  /**
   * SVG path data in twentieths of a pixel; `x` is the start of the text, `y` its baseline, both in
   * pixels.
   */
  outline(text: string, size: number, weight: Weight, x: number, y: number): string {
    let path = '';
    let pen = x;
    for (const character of text) {
      const outline = this.#scaledOutline(character, size, weight);
      if (outline !== '') path += `M${units(pen)} ${units(y)}${outline}`;
      pen += this.#glyph(character, weight).advance * size;
    }
    return path;
  }

  #glyph(character: string, weight: Weight): Glyph {
    const glyph = this.#glyphs.get(glyphKey(character, weight));
    if (glyph === undefined)
      throw new RangeError(
        `character U+${character.codePointAt(0)?.toString(16)} was not laid out`,
      );
    return glyph;
  }

  #scaledOutline(character: string, size: number, weight: Weight): string {
    const key = `${size}${glyphKey(character, weight)}`;
    const kept = this.#outlines.get(key);
    if (kept !== undefined) return kept;
    const outline = relativePath(this.#glyph(character, weight).outline, size);
    if (this.#outlines.size > MAX_OUTLINES) this.#outlines.clear();
    this.#outlines.set(key, outline);
    return outline;
  }
}

function glyphKey(character: string, weight: Weight): string {
  return `${weight === 400 ? 'r' : 'b'}${character}`;
}

async function layOut(
  characters: readonly string[],
  weight: Weight,
  fonts: Font[],
): Promise<Glyph[]> {
  const nodes: SatoriNode[] = [];
  const width = LAYOUT_PX * 2 * characters.length;
  const svg = await satori(GlyphSheet({ characters, weight, width, size: LAYOUT_PX }), {
    width,
    height: LAYOUT_PX * 2,
    fonts,
    onNodeDetected: (node) => nodes.push(node),
  });
  const boxes = nodes.filter((node) => node.textContent !== undefined);
  const paths = [...svg.matchAll(/<path [^>]*?d="([^"]*)"/g)].map((match) => match[1] ?? '');
  if (boxes.length !== characters.length || paths.length !== characters.length) {
    const found = `${boxes.length} boxes and ${paths.length} outlines`;
    throw new Error(`satori laid out ${found} for ${characters.length} characters`);
  }
  return boxes.map((box, i) => ({
    advance: box.width / LAYOUT_PX,
    outline: parseOutline(paths[i] ?? '', {
      left: box.left,
      top: box.top,
      baseline: BASELINE_PX,
      size: LAYOUT_PX,
    }),
  }));
}
