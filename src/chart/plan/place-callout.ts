import type { Ink } from '../mark/ink.ts';
import type { Box } from '../scale/box.ts';

export interface CalloutWish {
  /** The point that is spoken of. */
  readonly x: number;
  readonly y: number;
  /** Pixels of the label with its plate. */
  readonly width: number;
  readonly height: number;
  /** A maximum wants to be above its point, a minimum below. */
  readonly above: boolean;
}

/** In heights of the label, between it and its point; 0 is beside the point. */
const DISTANCES = [0.9, 0.5, 1.4, 2, 3, 4, 0];
const SHIFTS = [0, 0.35, -0.35, 0.75, -0.75, 1.1, -1.1, 1.7, -1.7, 2.5, -2.5];
/** Pixels of distance from the point that one cell of the lightest ink weighs as much as. */
const PIXELS_PER_INK = 2.5;
const FAR = 1e9;

/**
 * The place for a Max or Min label within `bounds`: it covers no obstacle, as little ink as
 * possible, and stays near its point on the side where it is expected. Returns null when every
 * place covers an obstacle.
 */
export function placeCallout(
  wish: CalloutWish,
  bounds: Box,
  ink: Ink,
  obstacles: readonly Box[],
  gap: number,
): Box | null {
  let best: Box | null = null;
  let least = FAR;
  for (const side of [wish.above ? -1 : 1, wish.above ? 1 : -1]) {
    for (const distance of DISTANCES) {
      for (const shift of SHIFTS) {
        const box = candidate(wish, bounds, side * distance, shift);
        if (box === null || obstacles.some((obstacle) => overlaps(box, obstacle, gap))) continue;
        if (contains(box, wish.x, wish.y, gap)) continue;
        const dx = Math.abs(box.x + box.width / 2 - wish.x);
        const dy = Math.abs(box.y + box.height / 2 - wish.y);
        const wrongSide = (side === -1) === wish.above ? 0 : wish.height;
        const cost = ink.covered(box) * PIXELS_PER_INK + dx * 0.35 + dy + wrongSide;
        if (cost < least) [best, least] = [box, cost];
      }
    }
  }
  return best;
}

function candidate(wish: CalloutWish, bounds: Box, distance: number, shift: number): Box | null {
  const { width, height } = wish;
  const middle = wish.y + distance * height + Math.sign(distance) * height * 0.5;
  const wantedX = wish.x + shift * width - width / 2;
  const x = Math.round(Math.min(bounds.x + bounds.width - width, Math.max(bounds.x, wantedX)));
  const y = Math.round(middle - height / 2);
  if (y < bounds.y || y + height > bounds.y + bounds.height) return null;
  return { x, y, width, height };
}

function overlaps(a: Box, b: Box, gap: number): boolean {
  return (
    a.x < b.x + b.width + gap &&
    b.x < a.x + a.width + gap &&
    a.y < b.y + b.height + gap &&
    b.y < a.y + a.height + gap
  );
}

function contains(box: Box, x: number, y: number, gap: number): boolean {
  return (
    x >= box.x - gap &&
    x <= box.x + box.width + gap &&
    y >= box.y - gap &&
    y <= box.y + box.height + gap
  );
}
