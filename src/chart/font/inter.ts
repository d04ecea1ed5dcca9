/** The family name under which satori knows the two weights that lie beside this file. */
export const FONT_FAMILY = 'Inter';

export type Weight = 400 | 600;

export const REGULAR: Weight = 400;
export const BOLD: Weight = 600;

/** Inter's ascent and descent (hhea), which lay out its lines, per pixel of font size. */
export const LINE_ASCENT = 1984 / 2048;
export const LINE_DESCENT = 494 / 2048;

/** What its letters cover above and below the baseline, per pixel of font size. */
export const CAP_HEIGHT = 0.727;
export const ASCENDER = 0.78;
export const DESCENDER = 0.2;
