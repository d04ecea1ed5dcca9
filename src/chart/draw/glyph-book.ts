import satori, { init, type Font, type SatoriNode } from 'satori/standalone';
import { FONT_FAMILY, type Weight } from './chart-font.ts';
import { GlyphSheet } from './glyph-sheet.tsx';

/**
 * One character as satori draws it: how far it advances and its outline from the pen, both per
 * pixel of font size.
 */
interface Glyph {
  readonly advance: number;
  readonly outline: readonly OutlineStep[];
}

interface OutlineStep {
  readonly command: string;
  /** x, y pairs relative to the pen on the baseline. */
  readonly points: readonly number[];
}

/** Text is drawn in twentieths of a pixel, so that outlines are short whole numbers. */
export const TEXT_UNITS_PER_PIXEL = 20;

/**
 * Satori rounds advances up to whole pixels; at this size the error is below a thousandth of the
 * font size.
 */
const LAYOUT_PX = 2000;
/** Inter's ascent and descent (hhea) per pixel of font size. */
const ASCENT = 1984 / 2048;
const DESCENT = 494 / 2048;
/**
 * With a line height of 1 the baseline lies as far below the middle of the line as ascent and
 * descent leave it.
 */
const BASELINE_PX = LAYOUT_PX * (0.5 + (ASCENT - DESCENT) / 2);
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

  /**
   * Relative steps that start at the pen; every closed contour returns to its start, which the next
   * one counts from.
   */
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

function units(pixels: number): number {
  return Math.round(pixels * TEXT_UNITS_PER_PIXEL);
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
    throw new Error(
      `satori laid out ${boxes.length} boxes and ${paths.length} outlines for ${characters.length} characters`,
    );
  }
  return boxes.map((box, i) => ({
    advance: box.width / LAYOUT_PX,
    outline: parseOutline(paths[i] ?? '', box.left, box.top),
  }));
}

/** Satori writes absolute M, L, Q, C and Z with one decimal. */
function parseOutline(path: string, left: number, top: number): OutlineStep[] {
  return [...path.matchAll(/([MLQCZ])([^MLQCZ]*)/g)].map((match) => {
    const numbers = [...(match[2] ?? '').matchAll(/-?[\d.]+/g)].map(Number);
    const points = numbers.map(
      (value, i) => (i % 2 === 0 ? value - left : value - top - BASELINE_PX) / LAYOUT_PX,
    );
    return { command: match[1] ?? '', points };
  });
}

/**
 * A curve that stays this close to its chord, in pixels, is drawn as the chord: nobody sees it, and
 * it costs half.
 */
const FLAT_PX = 0.06;

function relativePath(steps: readonly OutlineStep[], size: number): string {
  const scale = size * TEXT_UNITS_PER_PIXEL;
  let path = '';
  let last = '';
  let [x, y, startX, startY] = [0, 0, 0, 0];
  for (const step of steps) {
    if (step.command === 'Z') {
      path += 'z';
      last = 'z';
      [x, y] = [startX, startY];
      continue;
    }
    let rounded = step.points.map((value) => Math.round(value * scale));
    const [endX = 0, endY = 0] = rounded.slice(-2);
    const flat = step.command === 'Q' && isFlat(x, y, rounded);
    if (flat) rounded = [endX, endY];
    const letter = flat ? 'l' : step.command.toLowerCase();
    if (letter === 'l' && endX === x && endY === y) continue;
    const numbers = rounded.map((value, i) => value - (i % 2 === 0 ? x : y));
    path += (letter === last ? ' ' : letter) + numbers.join(' ');
    last = letter;
    [x, y] = [endX, endY];
    if (letter === 'm') [startX, startY] = [x, y];
  }
  return path.replaceAll(' -', '-');
}

/**
 * A quadratic curve leaves its chord by half the distance of its control point from the chord's
 * middle.
 */
function isFlat(
  x: number,
  y: number,
  [controlX = 0, controlY = 0, endX = 0, endY = 0]: readonly number[],
): boolean {
  const dx = (controlX - (x + endX) / 2) / 2;
  const dy = (controlY - (y + endY) / 2) / 2;
  return dx * dx + dy * dy < (FLAT_PX * TEXT_UNITS_PER_PIXEL) ** 2;
}
