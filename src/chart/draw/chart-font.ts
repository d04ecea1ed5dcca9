/** The family name under which satori knows the two weights in `font/`. */
export const FONT_FAMILY = 'Inter';

export type Weight = 400 | 600;

export const REGULAR: Weight = 400;
export const BOLD: Weight = 600;
