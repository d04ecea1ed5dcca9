import { Resvg } from '@resvg/resvg-wasm';
import type { GlyphBook } from '../font/glyph-book.ts';
import type { Weight } from '../font/inter.ts';
import { TEXT_UNITS_PER_PIXEL } from '../font/outline.ts';
import type { PlannedText } from '../plan/chart-plan.ts';
import type { Raster } from './rasterize-svg.ts';

/** The coverage of one character, 0 to 255 per pixel. */
interface Stamp {
  readonly width: number;
  readonly height: number;
  readonly coverage: Uint8Array;
}

/** Characters stand on quarters of a pixel. */
const PHASES = 4;
/** Pixels around a character's box, for what overhangs it. */
const MARGIN_PX = 3;
const ABOVE = 1.05;
const HEIGHT = 1.4;
/**
 * Coverage is kept in 16 steps: as smooth to the eye, and a palette of 256 colours has room for
 * other edges.
 */
const COVERAGE_STEP = 17;
const MAX_CHARACTERS = 1_500;

/**
 * Puts texts onto finished pixels. Each character is drawn by resvg once per size and quarter
 * pixel, alone and at the same place, so that a stamp depends on nothing but itself; drawing
 * hundreds of outlines anew was a third of a render.
 */
export class TextStamps {
  readonly #book: GlyphBook;
  readonly #stamps = new Map<string, readonly Stamp[]>();

  constructor(book: GlyphBook) {
    this.#book = book;
  }

  /** Changes `raster`, which must be opaque. */
  draw(raster: Raster, texts: readonly PlannedText[]): void {
    if (this.#stamps.size > MAX_CHARACTERS) this.#stamps.clear();
    for (const { text, x, y, size, weight, color } of texts) {
      const rgb = parseColor(color);
      let pen = x;
      for (const character of text) {
        const quarters = Math.round(pen * PHASES);
        const column = Math.floor(quarters / PHASES);
        const stamp = this.#stampsOf(character, size, weight)[quarters - column * PHASES];
        if (stamp !== undefined)
          blend(raster, stamp, column - MARGIN_PX, y - Math.round(size * ABOVE), rgb);
        pen += this.#book.width(character, size, weight);
      }
    }
  }

  #stampsOf(character: string, size: number, weight: Weight): readonly Stamp[] {
    const key = `${size} ${weight} ${character}`;
    const kept = this.#stamps.get(key);
    if (kept !== undefined) return kept;
    const stamps = drawStamps(this.#book, character, size, weight);
    this.#stamps.set(key, stamps);
    return stamps;
  }
}

/** The character on each quarter of a pixel, drawn side by side. */
function drawStamps(book: GlyphBook, character: string, size: number, weight: Weight): Stamp[] {
  const width = Math.ceil(book.width(character, size, weight)) + MARGIN_PX * 2 + 1;
  const height = Math.ceil(size * HEIGHT);
  const baseline = Math.round(size * ABOVE);
  let path = '';
  for (let phase = 0; phase < PHASES; phase++) {
    path += book.outline(
      character,
      size,
      weight,
      phase * width + MARGIN_PX + phase / PHASES,
      baseline,
    );
  }
  if (path === '') return [];
  const sheet = drawSheet(path, width * PHASES, height);
  return Array.from({ length: PHASES }, (_, phase) => {
    const coverage = new Uint8Array(width * height);
    for (let i = 0; i < coverage.length; i++) {
      const row = Math.floor(i / width);
      const alpha = sheet[(row * PHASES * width + phase * width + (i - row * width)) * 4 + 3] ?? 0;
      coverage[i] = Math.round(alpha / COVERAGE_STEP) * COVERAGE_STEP;
    }
    return { width, height, coverage };
  });
}

/** RGBA pixels of one path in black on nothing. */
function drawSheet(path: string, width: number, height: number): Uint8Array {
  const open = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">`;
  const tree = new Resvg(
    `${open}<path transform="scale(${1 / TEXT_UNITS_PER_PIXEL})" d="${path}"/></svg>`,
  );
  try {
    const image = tree.render();
    try {
      return image.pixels;
    } finally {
      image.free();
    }
  } finally {
    tree.free();
  }
}

type Rgb = readonly [red: number, green: number, blue: number];

/** `#rrggbb` or `rgb(r,g,b)`, as colours are written here. */
function parseColor(color: string): Rgb {
  const hex = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/.exec(color);
  const parts =
    hex?.slice(1).map((part) => Number.parseInt(part, 16)) ??
    color.match(/\d+/g)?.map(Number) ??
    [];
  const [red = 0, green = 0, blue = 0] = parts;
  return [red, green, blue];
}

function blend(
  raster: Raster,
  stamp: Stamp,
  left: number,
  top: number,
  [red, green, blue]: Rgb,
): void {
  const { rgba, width, height } = raster;
  const { coverage } = stamp;
  for (let row = 0; row < stamp.height; row++) {
    const y = top + row;
    if (y < 0 || y >= height) continue;
    for (let column = 0; column < stamp.width; column++) {
      const alpha = coverage[row * stamp.width + column] ?? 0;
      const x = left + column;
      if (alpha === 0 || x < 0 || x >= width) continue;
      const i = (y * width + x) * 4;
      rgba[i] = mix(rgba[i] ?? 0, red, alpha);
      rgba[i + 1] = mix(rgba[i + 1] ?? 0, green, alpha);
      rgba[i + 2] = mix(rgba[i + 2] ?? 0, blue, alpha);
    }
  }
}

function mix(under: number, over: number, alpha: number): number {
  return Math.round((under * (255 - alpha) + over * alpha) / 255);
}
