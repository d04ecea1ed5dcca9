import { jpegCodes, type JpegCodes } from './bits.ts';
import type { ScanComponent, SpectralRange } from './blocks.ts';
import { Damage, word } from './segments.ts';

export interface Component {
  readonly id: number;
  /** Blocks of 8 x 8 in a minimum coded unit, across and down. */
  readonly across: number;
  readonly down: number;
  /** Blocks that hold pixels. */
  readonly columns: number;
  readonly rows: number;
  /** Blocks of a row when several components share a scan. */
  readonly paddedColumns: number;
  readonly nonzero: Uint8Array | null;
  isSeen: boolean;
}

export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly progressive: boolean;
  readonly unitsAcross: number;
  readonly unitsDown: number;
  readonly components: readonly Component[];
}

/** Pixels, as the frame header says (T.81, B.2.2). */
export function sizeOf(data: Uint8Array): { width: number; height: number } {
  return { height: word(data, 1), width: word(data, 3) };
}

/** @throws {Damage} for a frame that browsers do not show or that makes no sense. */
export function readFrame(data: Uint8Array, progressive: boolean): Frame {
  const { width, height } = sizeOf(data);
  const count = data[5] ?? 0;
  if (data[0] !== 8) throw new Damage('it has samples of more than 8 bits');
  if (width === 0 || height === 0 || count < 1 || count > 4 || data.length < 6 + count * 3) {
    throw new Damage('its frame header is not valid');
  }
  const raw = Array.from({ length: count }, (_, i) => {
    const factors = data[7 + i * 3] ?? 0;
    return { id: data[6 + i * 3] ?? 0, across: factors >> 4, down: factors & 15 };
  });
  if (raw.some(({ across, down }) => across < 1 || across > 4 || down < 1 || down > 4)) {
    throw new Damage('its frame header is not valid');
  }
  const mostAcross = Math.max(...raw.map(({ across }) => across));
  const mostDown = Math.max(...raw.map(({ down }) => down));
  const unitsAcross = Math.ceil(width / (8 * mostAcross));
  const unitsDown = Math.ceil(height / (8 * mostDown));
  const components = raw.map(({ id, across, down }) => {
    const paddedColumns = unitsAcross * across;
    return {
      id,
      across,
      down,
      columns: Math.ceil(Math.ceil((width * across) / mostAcross) / 8),
      rows: Math.ceil(Math.ceil((height * down) / mostDown) / 8),
      paddedColumns,
      nonzero: progressive ? new Uint8Array(paddedColumns * unitsDown * down * 8) : null,
      isSeen: false,
    };
  });
  return { width, height, progressive, unitsAcross, unitsDown, components };
}

export type Tables = Readonly<Record<'dc' | 'ac', Map<number, JpegCodes>>>;

/** Huffman tables (T.81, B.2.4.2), added to `tables` or in the place of others. */
export function readTables(data: Uint8Array, tables: Tables): void {
  for (let at = 0; at < data.length;) {
    const kind = data[at] ?? 0;
    const counts = data.subarray(at + 1, at + 17);
    const total = counts.reduce((sum, count) => sum + count, 0);
    const symbols = data.subarray(at + 17, at + 17 + total);
    const codes =
      counts.length === 16 && symbols.length === total ? jpegCodes(counts, symbols) : null;
    if (codes === null) throw new Damage('one of its Huffman tables is not valid');
    tables[kind >> 4 === 0 ? 'dc' : 'ac'].set(kind & 15, codes);
    at += 17 + total;
  }
}

export interface ScanHeader {
  /** The components of the scan, with the tables that it reads them by. */
  readonly chosen: readonly { readonly component: Component; readonly codes: ScanComponent }[];
  /** Null for a sequential JPEG. */
  readonly range: SpectralRange | null;
}

/** What a scan holds (T.81, B.2.3). Marks the components that it begins as seen. */
export function readScanHeader(header: Uint8Array, frame: Frame, tables: Tables): ScanHeader {
  const count = header[0] ?? 0;
  const [first = 0, last = 0, approximation = 0] = header.subarray(1 + count * 2);
  if (count < 1 || count > 4 || header.length < 4 + count * 2)
    throw new Damage('its scan header is not valid');
  const range: SpectralRange | null = frame.progressive
    ? { first, last, high: approximation >> 4 }
    : null;
  if (range !== null && (last > 63 || first > last || (first > 0 && count > 1))) {
    throw new Damage('its scan header is not valid');
  }
  const chosen = Array.from({ length: count }, (_, i) => {
    const component = frame.components.find(({ id }) => id === header[1 + i * 2]);
    if (component === undefined) throw new Damage('its scan names a colour that it does not have');
    const selector = header[2 + i * 2] ?? 0;
    const dc = tables.dc.get(selector >> 4) ?? null;
    const ac = tables.ac.get(selector & 15) ?? null;
    const needsDc = range === null || (range.first === 0 && range.high === 0);
    if ((needsDc && dc === null) || ((range === null || range.first > 0) && ac === null)) {
      throw new Damage('its scan names a Huffman table that it does not have');
    }
    if (needsDc) component.isSeen = true;
    return { component, codes: { dc, ac, nonzero: component.nonzero } };
  });
  return { chosen, range };
}
