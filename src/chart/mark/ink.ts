import type { BarScale } from '../scale/bar-scale.ts';
import type { Box } from '../scale/box.ts';

/**
 * Pixels per cell of the map: fine enough to find room for a label, coarse enough to be filled for
 * each chart.
 */
const CELL_PX = 4;

/** Weights under a label: of bars, of lines, of lines of one pixel. */
const BAR_INK = 3;
const LINE_INK = 2;
const FAINT_INK = 1;

/** What a panel's marks cover. Darker marks (candles) weigh more than thin lines. */
export class Ink {
  readonly #plot: Box;
  readonly #columns: number;
  readonly #rows: number;
  readonly #cells: Uint8Array;

  constructor(plot: Box) {
    this.#plot = plot;
    this.#columns = Math.ceil(plot.width / CELL_PX);
    this.#rows = Math.ceil(plot.height / CELL_PX);
    this.#cells = new Uint8Array(this.#columns * this.#rows);
  }

  /** Covers the body of a bar from `top` to `bottom`, three columns of pixels at least. */
  addBar(scale: BarScale, index: number, top: number, bottom: number): void {
    const middle = scale.column(index);
    const reach = Math.max(Math.floor(scale.bodyWidth / 2), 1);
    for (let x = middle - reach; x <= middle + reach; x++) this.#add(x, top, bottom, BAR_INK);
  }

  /** Covers a line: x, y of its points. */
  addLine(points: readonly number[], width: number): void {
    const weight = width > 1 ? LINE_INK : FAINT_INK;
    for (let i = 0; i + 3 < points.length; i += 2) {
      const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = points.slice(i, i + 4);
      const from = Math.floor(x1);
      const to = Math.max(from, Math.floor(x2));
      for (let column = from; column <= to; column++) {
        const y = y1 + ((y2 - y1) * (column - from)) / Math.max(1, to - from);
        this.#add(column, y - 1, y + 1, weight);
      }
    }
  }

  #add(x: number, top: number, bottom: number, weight: number): void {
    const column = Math.floor((x - this.#plot.x) / CELL_PX);
    if (column < 0 || column >= this.#columns) return;
    const from = Math.max(0, Math.floor((top - this.#plot.y) / CELL_PX));
    const to = Math.min(this.#rows - 1, Math.floor((bottom - this.#plot.y) / CELL_PX));
    for (let row = from; row <= to; row++) {
      const cell = row * this.#columns + column;
      this.#cells[cell] = Math.max(this.#cells[cell] ?? 0, weight);
    }
  }

  /** Weights of all cells under a box. */
  covered(box: Box): number {
    const left = Math.max(0, Math.floor((box.x - this.#plot.x) / CELL_PX));
    const right = Math.min(
      this.#columns - 1,
      Math.floor((box.x + box.width - this.#plot.x) / CELL_PX),
    );
    const top = Math.max(0, Math.floor((box.y - this.#plot.y) / CELL_PX));
    const bottom = Math.min(
      this.#rows - 1,
      Math.floor((box.y + box.height - this.#plot.y) / CELL_PX),
    );
    let weight = 0;
    for (let row = top; row <= bottom; row++) {
      for (let column = left; column <= right; column++)
        weight += this.#cells[row * this.#columns + column] ?? 0;
    }
    return weight;
  }
}
