/** One step of a character's outline. */
export interface OutlineStep {
  readonly command: string;
  /** x, y pairs relative to the pen on the baseline, per pixel of font size. */
  readonly points: readonly number[];
}

/** Text is drawn in twentieths of a pixel, so that outlines are short whole numbers. */
export const TEXT_UNITS_PER_PIXEL = 20;

export function units(pixels: number): number {
  return Math.round(pixels * TEXT_UNITS_PER_PIXEL);
}

/** Where satori laid a character out: its box, the baseline below the box's top, the font size. */
interface GlyphPlace {
  readonly left: number;
  readonly top: number;
  readonly baseline: number;
  readonly size: number;
}

/** Satori writes absolute M, L, Q, C and Z with one decimal. */
export function parseOutline(
  path: string,
  { left, top, baseline, size }: GlyphPlace,
): OutlineStep[] {
  return [...path.matchAll(/([MLQCZ])([^MLQCZ]*)/g)].map((match) => {
    const numbers = [...(match[2] ?? '').matchAll(/-?[\d.]+/g)].map(Number);
    const points = numbers.map(
      (value, i) => (i % 2 === 0 ? value - left : value - top - baseline) / size,
    );
    return { command: match[1] ?? '', points };
  });
}

/**
 * A curve that stays this close to its chord, in pixels, is drawn as the chord: nobody sees it, and
 * it costs half.
 */
const FLAT_PX = 0.06;

/**
 * SVG path data of relative steps that start at the pen; every closed contour returns to its start,
 * which the next one counts from.
 */
export function relativePath(steps: readonly OutlineStep[], size: number): string {
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
