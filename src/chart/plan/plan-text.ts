import type { GlyphBook } from '../font/glyph-book.ts';
import { ASCENDER, BOLD, CAP_HEIGHT, DESCENDER, REGULAR, type Weight } from '../font/inter.ts';
import type { Box } from '../scale/box.ts';
import type { PlannedText, TextRole } from './chart-plan.ts';

export interface TextWish {
  readonly role: TextRole;
  readonly text: string;
  readonly x: number;
  /** Baseline. */
  readonly y: number;
  readonly size: number;
  readonly color: string;
  readonly bold?: boolean;
  readonly anchor?: 'start' | 'middle' | 'end';
}

/** A text at its place, measured. `x` is the anchor; the result's is the left edge. */
export function planText(book: GlyphBook, wish: TextWish): PlannedText {
  const weight: Weight = wish.bold === true ? BOLD : REGULAR;
  const width = book.width(wish.text, wish.size, weight);
  const shift = wish.anchor === 'middle' ? width / 2 : wish.anchor === 'end' ? width : 0;
  const x = wish.x - shift;
  const y = Math.round(wish.y);
  const box: Box = {
    x,
    y: y - wish.size * ASCENDER,
    width,
    height: wish.size * (ASCENDER + DESCENDER),
  };
  return {
    role: wish.role,
    text: wish.text,
    x,
    y,
    size: wish.size,
    weight,
    color: wish.color,
    box,
  };
}

/** The same, read upwards, with its middle at `y`. */
export function planUpwardText(book: GlyphBook, wish: Omit<TextWish, 'anchor'>): PlannedText {
  const flat = planText(book, { ...wish, x: 0 });
  const { width } = flat.box;
  const y = wish.y + width / 2;
  const box = {
    x: wish.x - wish.size * ASCENDER,
    y: y - width,
    width: wish.size * (ASCENDER + DESCENDER),
    height: width,
  };
  return { ...flat, x: wish.x, y, box, upwards: true };
}

/** The baseline of capitals and digits whose middle is at `middle`. */
export function centredBaseline(middle: number, size: number): number {
  return middle + (size * CAP_HEIGHT) / 2;
}
