import { takeTurn } from '../concurrency/take-turn.ts';
import { JpegBits, type JpegCodes } from './bits.ts';
import { JpegBlocks, type ScanComponent } from './blocks.ts';
import {
  readFrame,
  readScanHeader,
  readTables,
  sizeOf,
  type Component,
  type Frame,
  type Tables,
} from './headers.ts';
import { Damage, segmentAt, word } from './segments.ts';

/** What reading a JPEG from first to last bit found. `reason` is for logs and people. */
export type JpegScan =
  | { readonly kind: 'intact'; readonly width: number; readonly height: number }
  | { readonly kind: 'damaged'; readonly reason: string }
  | { readonly kind: 'too_large'; readonly reason: string };

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

interface ScanInput {
  readonly frame: Frame;
  readonly header: Uint8Array;
  readonly tables: Tables;
  readonly restartInterval: number;
}

/** Reads one scan; returns where its data ends. */
async function readScan(bytes: Uint8Array, start: number, input: ScanInput): Promise<number> {
  const { frame, restartInterval } = input;
  const { chosen, range } = readScanHeader(input.header, frame, input.tables);
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

/** The restart marker with this number must be the next thing in the file. */
function restart(bytes: Uint8Array, bits: JpegBits, number: number): void {
  let at = bits.position;
  while (bytes[at] === 0xff && bytes[at + 1] === 0xff) at++;
  if (bytes[at] !== 0xff || bytes[at + 1] !== 0xd0 + number)
    throw new Damage('a restart marker is missing');
  bits.restart(at + 2);
}
