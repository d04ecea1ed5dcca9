import type { Box } from '../scale/box.ts';
import type { Shape } from './shape.ts';

/** Rectangles collected per colour: one path per colour is what makes them cheap to draw. */
export class RectLayers {
  readonly #layers = new Map<string, number[]>();

  constructor(colors: readonly string[]) {
    for (const color of colors) this.#layers.set(color, []);
  }

  add(color: string, x: number, y: number, width: number, height: number): void {
    this.#layers.get(color)?.push(x, y, width, height);
  }

  shapes(): Shape[] {
    return [...this.#layers].flatMap(([color, numbers]) =>
      numbers.length === 0 ? [] : [{ kind: 'rects' as const, color, numbers }],
    );
  }
}

/** Horizontal strokes, one pixel high: `drawn` pixels, then `left` pixels left out. */
export function dashes(color: string, plot: Box, y: number, drawn: number, left: number): Shape {
  const numbers: number[] = [];
  const end = plot.x + plot.width;
  const row = Math.round(y);
  for (let x = plot.x; x < end; x += drawn + left)
    numbers.push(x, row, Math.min(drawn, end - x), 1);
  return { kind: 'rects', color, numbers };
}
