import { scanPng, type PngLimits } from '../../png/scan-png.ts';

/** A rectangle that holds changed pixels; `pixels` says how many. */
export interface ChangedRegion {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly pixels: number;
}

export type PictureChanges =
  | {
      readonly kind: 'compared';
      readonly pixels: number;
      readonly regions: readonly ChangedRegion[];
    }
  | { readonly kind: 'other_size' | 'unreadable' };

/** Changes nearer to each other than this, in pixels, are one region. */
const CELL_PX = 16;

/**
 * Which pixels of `other` are not those of `original` (a picture of ours, whose pixels are held;
 * the other's are looked at row by row). Regions are rectangles, the one with the most changed
 * pixels first; none crosses one of `borders`, rows of pixels at which something else begins.
 */
export async function comparePictures(
  original: Uint8Array<ArrayBuffer>,
  other: Uint8Array<ArrayBuffer>,
  limits: { readonly original: PngLimits; readonly other: PngLimits },
  borders: readonly number[] = [],
): Promise<PictureChanges> {
  const rows: Uint32Array[] = [];
  const first = await scanPng(original, {
    ...limits.original,
    onRow: (_, rgba) => rows.push(rgba.slice()),
  });
  if (first.kind !== 'intact' || rows.length !== first.height) return { kind: 'unreadable' };
  const { width, height } = first;
  const changes = new ChangeGrid(width, height, borders);
  let seen = 0;
  let isOtherSize = false;
  const second = await scanPng(other, {
    ...limits.other,
    onRow: (y, rgba) => {
      const held = rows[y];
      isOtherSize ||= held === undefined || rgba.length !== width;
      if (held === undefined || isOtherSize) return;
      seen += 1;
      for (let x = 0; x < width; x++) if (rgba[x] !== held[x]) changes.add(x, y);
    },
  });
  if (second.kind !== 'intact') return { kind: 'unreadable' };
  if (isOtherSize || second.width !== width || second.height !== height)
    return { kind: 'other_size' };
  if (seen !== height) return { kind: 'unreadable' };
  const regions = changes.regions();
  return { kind: 'compared', pixels: changes.total, regions };
}

interface Extent {
  left: number;
  top: number;
  right: number;
  bottom: number;
  pixels: number;
}

/** Changed pixels by cells; cells that touch are one region, unless a border lies between them. */
class ChangeGrid {
  readonly #columns: number;
  /** Of a row of pixels: its row of cells. */
  readonly #rowOf: Uint32Array;
  /** Of a row of cells: how many borders lie above it. */
  readonly #bands: number[] = [];
  readonly #cells: (Extent | undefined)[];
  total = 0;

  constructor(width: number, height: number, borders: readonly number[]) {
    const starts = new Set(borders);
    this.#columns = Math.ceil(width / CELL_PX);
    this.#rowOf = new Uint32Array(height);
    let band = 0;
    let rowsLeft = 0;
    for (let y = 0; y < height; y++) {
      const isBorder = starts.has(y);
      if (isBorder) band++;
      if (isBorder || rowsLeft === 0) {
        this.#bands.push(band);
        rowsLeft = CELL_PX;
      }
      rowsLeft--;
      this.#rowOf[y] = this.#bands.length - 1;
    }
    this.#cells = Array.from<Extent | undefined>({ length: this.#columns * this.#bands.length });
  }

  add(x: number, y: number): void {
    this.total += 1;
    const place = (this.#rowOf[y] ?? 0) * this.#columns + Math.floor(x / CELL_PX);
    const cell = this.#cells[place];
    if (cell === undefined)
      this.#cells[place] = { left: x, top: y, right: x, bottom: y, pixels: 1 };
    else widen(cell, { left: x, top: y, right: x, bottom: y, pixels: 1 });
  }

  regions(): ChangedRegion[] {
    const found: Extent[] = [];
    for (let place = 0; place < this.#cells.length; place++) {
      const cell = this.#take(place);
      if (cell !== undefined) found.push(this.#gather(place, cell));
    }
    return found
      .toSorted((a, b) => b.pixels - a.pixels || a.top - b.top || a.left - b.left)
      .map(({ left, top, right, bottom, pixels }) => ({
        x: left,
        y: top,
        width: right - left + 1,
        height: bottom - top + 1,
        pixels,
      }));
  }

  #take(place: number): Extent | undefined {
    const cell = this.#cells[place];
    this.#cells[place] = undefined;
    return cell;
  }

  /** Takes every cell that touches this one, and those that touch them. */
  #gather(start: number, first: Extent): Extent {
    const region = { ...first };
    const open = [start];
    for (let place = open.pop(); place !== undefined; place = open.pop()) {
      for (const next of this.#neighbours(place)) {
        const cell = this.#take(next);
        if (cell === undefined) continue;
        widen(region, cell);
        open.push(next);
      }
    }
    return region;
  }

  #neighbours(place: number): number[] {
    const column = place % this.#columns;
    const row = Math.floor(place / this.#columns);
    const down = [-1, 0, 1].filter((step) => this.#bands[row + step] === this.#bands[row]);
    const across = [-1, 0, 1].filter((step) => column + step >= 0 && column + step < this.#columns);
    return down.flatMap((rows) => across.map((step) => place + rows * this.#columns + step));
  }
}

function widen(extent: Extent, other: Extent): void {
  extent.left = Math.min(extent.left, other.left);
  extent.top = Math.min(extent.top, other.top);
  extent.right = Math.max(extent.right, other.right);
  extent.bottom = Math.max(extent.bottom, other.bottom);
  extent.pixels += other.pixels;
}
