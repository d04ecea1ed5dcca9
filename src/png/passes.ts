import { COLOUR_TYPE, type PngHeader } from './parts.ts';
import { pngRow, ROW_MARGIN, unfilterRow, type PngRow } from './unfilter-row.ts';

/** A reduced picture of an interlaced PNG, or the one picture of any other. */
export interface PngPass {
  /** First column and row, and steps between columns and rows, in pixels of the whole picture. */
  readonly x: number;
  readonly y: number;
  readonly stepX: number;
  readonly stepY: number;
  readonly columns: number;
  readonly rows: number;
}

/** x, y, stepX, stepY of each pass (PNG specification, 8.2). */
const WHOLE = [[0, 0, 1, 1]] as const;
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;
const SAMPLES: Readonly<Record<number, number>> = {
  [COLOUR_TYPE.grey]: 1,
  [COLOUR_TYPE.rgb]: 3,
  [COLOUR_TYPE.palette]: 1,
  [COLOUR_TYPE.greyAlpha]: 2,
  [COLOUR_TYPE.rgba]: 4,
};

function passesOf({ width, height, interlaced }: PngHeader): PngPass[] {
  return (interlaced ? ADAM7 : WHOLE)
    .map(([x, y, stepX, stepY]) => {
      const columns = Math.ceil((width - x) / stepX);
      return { x, y, stepX, stepY, columns, rows: Math.ceil((height - y) / stepY) };
    })
    .filter(({ columns, rows }) => columns > 0 && rows > 0);
}

/** What is done with each row. A string names damage; `stop` ends the reading. */
export type VisitRow = (
  row: PngRow,
  pass: PngPass,
  rowInPass: number,
) => 'next' | 'stop' | DamagedRow;
export interface DamagedRow {
  readonly damage: string;
}

/**
 * Cuts inflated bytes into rows, undoes their filters and shows each to `visit`. Holds two rows,
 * whatever the picture: the one that is being filled and the one above it.
 */
export class PngRows {
  /** What is wrong with the bytes so far, or null. */
  damage: string | null = null;
  readonly #passes: readonly PngPass[];
  readonly #bitsPerPixel: number;
  readonly #visit: VisitRow;
  #row: PngRow;
  #above: PngRow;
  #filter = -1;
  #filled = 0;
  #pass = 0;
  #rowInPass = 0;
  #rowBytes = 0;

  constructor(header: PngHeader, visit: VisitRow) {
    this.#passes = passesOf(header);
    this.#bitsPerPixel = (SAMPLES[header.colourType] ?? 1) * header.depth;
    this.#visit = visit;
    const widest = Math.ceil((header.width * this.#bitsPerPixel) / 8);
    this.#row = pngRow(widest);
    this.#above = pngRow(widest);
    this.#beginPass();
  }

  /** Whether every row was there. */
  get complete(): boolean {
    return this.#pass === this.#passes.length;
  }

  /**
   * Takes the next inflated bytes; false: it wants no more, for `damage` or because `visit` said
   * so.
   */
  push(bytes: Uint8Array): boolean {
    let offset = 0;
    while (offset < bytes.length) {
      if (this.complete) return this.#fail('it has more data than its size announces');
      if (this.#filter === -1) {
        this.#filter = bytes[offset++] ?? 0;
        continue;
      }
      const part = bytes.subarray(offset, offset + this.#rowBytes - this.#filled);
      this.#row.bytes.set(part, ROW_MARGIN + this.#filled);
      this.#filled += part.length;
      offset += part.length;
      if (this.#filled === this.#rowBytes && !this.#endRow()) return false;
    }
    return true;
  }

  #endRow(): boolean {
    const pixelBytes = Math.max(1, this.#bitsPerPixel / 8);
    if (!unfilterRow(this.#filter, this.#row, this.#above, this.#rowBytes, pixelBytes)) {
      return this.#fail('it uses a filter that does not exist');
    }
    const pass = this.#passes[this.#pass];
    const answer = pass === undefined ? 'stop' : this.#visit(this.#row, pass, this.#rowInPass);
    if (typeof answer === 'object') return this.#fail(answer.damage);
    [this.#row, this.#above] = [this.#above, this.#row];
    this.#filter = -1;
    this.#filled = 0;
    if (++this.#rowInPass === pass?.rows) {
      this.#pass++;
      this.#beginPass();
    }
    return answer === 'next';
  }

  #beginPass(): void {
    this.#rowInPass = 0;
    this.#rowBytes = Math.ceil(((this.#passes[this.#pass]?.columns ?? 0) * this.#bitsPerPixel) / 8);
    this.#above.bytes.fill(0);
  }

  #fail(damage: string): false {
    this.damage = damage;
    return false;
  }
}
