import { JpegBits, jpegCodes, type JpegCodes } from './bits.ts';
import { JpegBlocks, type ScanComponent, type SpectralRange } from './blocks.ts';
import { takeTurn } from '../concurrency/take-turn.ts';

/** What reading a JPEG from first to last bit found. `reason` is for logs and people. */
export type JpegScan =
  | { readonly kind: 'intact'; readonly width: number; readonly height: number }
  | { readonly kind: 'damaged'; readonly reason: string }
  | { readonly kind: 'too_large'; readonly reason: string };

interface Component {
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

interface Frame {
  readonly width: number;
  readonly height: number;
  readonly progressive: boolean;
  readonly unitsAcross: number;
  readonly unitsDown: number;
  readonly components: readonly Component[];
}

/**
 * Start-of-frame markers that browsers show: baseline, extended and progressive, Huffman coded
 * (T.81, table B.1).
 */
const SEQUENTIAL = new Set([0xc0, 0xc1]);
const PROGRESSIVE = 0xc2;
const OTHER_FRAMES = new Set([0xc3, 0xc5, 0xc6, 0xc7, 0xc9, 0xca, 0xcb, 0xcd, 0xce, 0xcf]);
const BLOCKS_BETWEEN_TURNS = 40_000;
/**
 * What libjpeg-turbo's own limit guards against: scans that read the whole picture again and again.
 */
const MOST_SCANS = 100;

class Damage extends Error {}

/**
 * Reads all entropy-coded data of a JPEG whose markers were found to be walkable (`inspectImage`):
 * every code must exist, every block must be there, every component must have its pixels. Nothing
 * is drawn, so it takes a bit of memory for each coefficient of a progressive JPEG and none
 * otherwise. Never throws for what the bytes are.
 */
export async function scanJpeg(
  bytes: Uint8Array,
  { maxPixels }: { maxPixels: number },
): Promise<JpegScan> {
  try {
    return await readJpeg(bytes, maxPixels);
  } catch (error) {
    if (error instanceof Damage) return { kind: 'damaged', reason: error.message };
    throw error;
  }
}

async function readJpeg(bytes: Uint8Array, maxPixels: number): Promise<JpegScan> {
  const tables = { dc: new Map<number, JpegCodes>(), ac: new Map<number, JpegCodes>() };
  let frame: Frame | null = null;
  let restartInterval = 0;
  let scans = 0;
  let offset = 2;
  for (;;) {
    const { marker, data, end } = segmentAt(bytes, offset);
    offset = end;
    if (marker === 0xd9) break;
    if (OTHER_FRAMES.has(marker))
      throw new Damage('it is coded in a way that browsers do not show');
    if (SEQUENTIAL.has(marker) || marker === PROGRESSIVE) {
      if (frame !== null) throw new Damage('it has two frames');
      const { width, height } = sizeOf(data);
      if (width * height > maxPixels) {
        return { kind: 'too_large', reason: `it has more than ${maxPixels} pixels` };
      }
      frame = readFrame(data, marker === PROGRESSIVE);
    } else if (marker === 0xc4) readTables(data, tables);
    else if (marker === 0xdd) restartInterval = data.length < 2 ? 0 : word(data, 0);
    else if (marker === 0xda) {
      if (frame === null) throw new Damage('its scan comes before its frame');
      if (++scans > MOST_SCANS) throw new Damage(`it has more than ${MOST_SCANS} scans`);
      offset = await readScan(bytes, end, { frame, header: data, tables, restartInterval });
    }
  }
  if (frame === null) throw new Damage('it has no frame');
  if (frame.components.some(({ isSeen }) => !isSeen))
    throw new Damage('it has no data for one of its colours');
  return { kind: 'intact', width: frame.width, height: frame.height };
}

function word(data: Uint8Array, at: number): number {
  return ((data[at] ?? 0) << 8) | (data[at + 1] ?? 0);
}

/**
 * The next marker with its data; what lies before it belongs to nothing and is passed over, as
 * decoders do.
 */
function segmentAt(
  bytes: Uint8Array,
  from: number,
): { marker: number; data: Uint8Array; end: number } {
  let offset = bytes.indexOf(0xff, from);
  while (offset !== -1 && (bytes[offset + 1] === 0xff || bytes[offset + 1] === 0)) {
    offset = bytes.indexOf(0xff, offset + 1);
  }
  const marker = offset === -1 ? undefined : bytes[offset + 1];
  if (marker === undefined) throw new Damage('it does not end with EOI');
  const isBare = marker === 0xd9 || marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8);
  if (isBare) return { marker, data: bytes.subarray(0, 0), end: offset + 2 };
  const length = word(bytes, offset + 2);
  if (length < 2 || offset + 2 + length > bytes.length) throw new Damage('it is cut off');
  return {
    marker,
    data: bytes.subarray(offset + 4, offset + 2 + length),
    end: offset + 2 + length,
  };
}

function sizeOf(data: Uint8Array): { width: number; height: number } {
  return { height: word(data, 1), width: word(data, 3) };
}

function readFrame(data: Uint8Array, progressive: boolean): Frame {
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

type Tables = Readonly<Record<'dc' | 'ac', Map<number, JpegCodes>>>;

function readTables(data: Uint8Array, tables: Tables): void {
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

interface ScanInput {
  readonly frame: Frame;
  readonly header: Uint8Array;
  readonly tables: Tables;
  readonly restartInterval: number;
}

/** Reads one scan; returns where its data ends. */
async function readScan(bytes: Uint8Array, start: number, input: ScanInput): Promise<number> {
  const { frame, restartInterval } = input;
  const { chosen, range } = readScanHeader(input);
  const bits = new JpegBits(bytes, start);
  const blocks = new JpegBlocks(bits, range);
  const [only] = chosen.length === 1 ? chosen : [];
  const units =
    only === undefined
      ? frame.unitsAcross * frame.unitsDown
      : only.component.columns * only.component.rows;
  let untilTurn = BLOCKS_BETWEEN_TURNS;
  for (let unit = 0; unit < units; unit++) {
    if (restartInterval > 0 && unit > 0 && unit % restartInterval === 0) {
      restart(bytes, bits, (unit / restartInterval - 1) % 8);
      blocks.restart();
    }
    for (const { component, codes } of chosen) {
      const isWhole =
        only === undefined
          ? readUnit(blocks, component, codes, unit, frame.unitsAcross)
          : blocks.read(
              codes,
              blockOf(component, unit % component.columns, Math.floor(unit / component.columns)),
            );
      if (!isWhole) throw new Damage('its data is not that of a picture');
      if (bits.damage === 'short') throw new Damage('its data is shorter than its size announces');
      if (bits.damage !== null) throw new Damage('its data holds a code that does not exist');
      untilTurn -= component.across * component.down;
    }
    if (untilTurn > 0) continue;
    untilTurn = BLOCKS_BETWEEN_TURNS;
    await takeTurn();
  }
  return bits.position;
}

function blockOf({ paddedColumns }: Component, column: number, row: number): number {
  return row * paddedColumns + column;
}

/** The blocks that one component has in one minimum coded unit. */
function readUnit(
  blocks: JpegBlocks,
  component: Component,
  codes: ScanComponent,
  unit: number,
  unitsAcross: number,
): boolean {
  const left = (unit % unitsAcross) * component.across;
  const top = Math.floor(unit / unitsAcross) * component.down;
  for (let y = 0; y < component.down; y++) {
    for (let x = 0; x < component.across; x++) {
      if (!blocks.read(codes, blockOf(component, left + x, top + y))) return false;
    }
  }
  return true;
}

function readScanHeader({ frame, header, tables }: ScanInput) {
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

/** The restart marker with this number must be the next thing in the file. */
function restart(bytes: Uint8Array, bits: JpegBits, number: number): void {
  let at = bits.position;
  while (bytes[at] === 0xff && bytes[at + 1] === 0xff) at++;
  if (bytes[at] !== 0xff || bytes[at + 1] !== 0xd0 + number)
    throw new Damage('a restart marker is missing');
  bits.restart(at + 2);
}
