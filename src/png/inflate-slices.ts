import { createInflate } from 'node:zlib';
import { takeTurn } from '../concurrency/take-turn.ts';

/**
 * How a zlib stream ended: as a whole, because `visit` wanted no more, damaged or cut off, or with
 * bytes behind it.
 */
export type InflateEnd = 'complete' | 'stopped' | 'broken' | 'trailing';

/**
 * Deflate expands at most 1032 times, so one slice becomes at most 8.5 MB, seen in blocks of
 * `BLOCK_BYTES`.
 */
const SLICE_BYTES = 8192;
const BLOCK_BYTES = 65_536;
/** After so many bytes others in the isolate get a turn. */
const TURN_BYTES = 4_000_000;
/**
 * A byte that goes in can be as much work as these that come out: tables of codes that no data
 * follows.
 */
const WORK_PER_BYTE_IN = 100;
/** So much of a stream without a single byte of output is no picture. */
const MOST_IDLE_BYTES = 262_144;

/**
 * Inflates a zlib stream that comes in pieces and shows each block of it to `visit`, which says
 * whether to go on and keeps nothing of the block. Memory does not grow with the stream. Checks
 * Adler-32. Never throws for bad bytes. (Of the engines in workerd only node:zlib bounds what it
 * holds and is as quick as its C: docs/adr/0030.)
 */
export async function inflateSlices(
  pieces: readonly Uint8Array[],
  visit: (block: Uint8Array) => boolean,
): Promise<InflateEnd> {
  const inflate = createInflate({ chunkSize: BLOCK_BYTES });
  let end: InflateEnd | null = null;
  let failure: unknown = null;
  let sinceTurn = 0;
  let idle = 0;
  let wake = (): void => undefined;
  const finish = (how: InflateEnd): void => {
    end ??= how;
    wake();
  };
  inflate.on('data', (block: Uint8Array<ArrayBuffer>) => {
    if (end !== null) return;
    sinceTurn += block.length;
    idle = 0;
    try {
      if (!visit(block)) finish('stopped');
    } catch (error) {
      failure = error; // would be lost in the stream's own handling
      finish('stopped');
    }
    release(block);
  });
  inflate.once('error', () => finish('broken'));
  inflate.once('end', () => finish('complete'));

  let given = 0;
  for (const slice of slicesOf(pieces)) {
    given += slice.length;
    sinceTurn += slice.length * WORK_PER_BYTE_IN;
    idle += slice.length;
    if (idle > MOST_IDLE_BYTES) finish('broken');
    if (end !== null) break;
    await new Promise<void>((resolve) => {
      wake = resolve;
      inflate.write(slice, () => resolve());
    });
    if (end !== null) break;
    if (sinceTurn >= TURN_BYTES) {
      sinceTurn = 0;
      await takeTurn();
    }
  }
  if (end === null) {
    await new Promise<void>((resolve) => {
      wake = resolve;
      inflate.end();
    });
  }
  inflate.destroy();
  if (failure !== null) throw failure;
  const total = pieces.reduce((sum, piece) => sum + piece.length, 0);
  // A stream that ended early leaves bytes: of the slice that it was given, or whole slices.
  if (end === 'complete' && (inflate.bytesWritten !== given || given !== total)) return 'trailing';
  return end ?? 'broken';
}

/**
 * Frees a block that has been filled to its end at once: garbage of its size would wait for a
 * collection of tens of MB.
 */
function release(block: Uint8Array<ArrayBuffer>): void {
  const { buffer, byteOffset, byteLength } = block;
  if (buffer.byteLength === BLOCK_BYTES && byteOffset + byteLength === BLOCK_BYTES)
    transfer(buffer);
}

function transfer(buffer: ArrayBuffer): void {
  // Node 20 has no such method and waits for its collection.
  if ('transfer' in buffer) buffer.transfer(0);
}

/**
 * The pieces as slices of one size, in one buffer that is used again for each: thousands of tiny
 * IDATs cost no steps.
 */
function* slicesOf(pieces: readonly Uint8Array[]): Generator<Uint8Array<ArrayBuffer>, void> {
  const slice = new Uint8Array(SLICE_BYTES);
  let filled = 0;
  for (const piece of pieces) {
    for (let offset = 0; offset < piece.length;) {
      const part = piece.subarray(offset, offset + SLICE_BYTES - filled);
      slice.set(part, filled);
      filled += part.length;
      offset += part.length;
      if (filled < SLICE_BYTES) continue;
      yield slice;
      filled = 0;
    }
  }
  if (filled > 0) yield slice.subarray(0, filled);
}
