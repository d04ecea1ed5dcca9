import type { QueueLimits } from '../concurrency/work-queue.ts';
import type { Picture } from './picture.ts';

/** What a bar takes in memory, parsed: an object of six numbers. */
const BAR_BYTES = 150;
/**
 * What a row is thought to take while it is read, as one of 5,000 bars does: its text, its JSON and
 * its bars.
 */
export const READING_BYTES = 5_000_000;

/**
 * Rows and stored images that are read at once for pictures the edge does not know. Who reads one
 * with 5,000 bars moves a megabyte through the database's endpoint, so this is where a crowd has to
 * wait.
 */
export const READING_LIMITS: QueueLimits = {
  running: 3,
  waiting: 32,
  bytes: 36 * READING_BYTES,
  waitMs: 5_000,
  leaseMs: 60_000,
  restMs: 0,
};

/**
 * The same for pictures that this isolate has served lately: a crowd that wants others to be drawn
 * is not before them.
 */
export const REVALIDATION_LIMITS: QueueLimits = {
  ...READING_LIMITS,
  waiting: 64,
  bytes: 68 * READING_BYTES,
};
/** How long a picture counts as served lately. */
export const SERVED_LATELY_MS = 600_000;

/**
 * Pictures that this isolate has asked the gates for. Fewer may wait for a place than rows are read
 * at once: one reading always goes on, so that pictures that only have to be read are read while
 * others are drawn.
 */
export const REDRAW_LIMITS: QueueLimits = {
  running: 6,
  waiting: READING_LIMITS.running - 1,
  bytes: 16_000_000,
  waitMs: 5_000,
  leaseMs: 30_000,
  restMs: 0,
};

/**
 * Draws of the gates of one isolate, wherever they were asked for. One at a time, because a draw is
 * nothing but CPU time; between two of them everything else that is waiting in the isolate has its
 * turn.
 */
export const DRAW_LIMITS: QueueLimits = {
  running: 1,
  waiting: 16,
  bytes: 16_000_000,
  waitMs: 5_000,
  leaseMs: 30_000,
  restMs: 50,
};

/** What a picture's bars take while it waits to be drawn. */
/** Two decodes at once in an isolate; a few wait for one, with the files that they bring. */
export const DECODE_LIMITS: QueueLimits = {
  running: 2,
  waiting: 16,
  bytes: 64_000_000,
  waitMs: 2_000,
  leaseMs: 20_000,
  restMs: 0,
};

/**
 * Files on their way to be checked, from their first byte: fifty slow uploads of 10 MB would be
 * half a gigabyte otherwise. A client that takes longer than its lease is no longer counted, so
 * that it keeps nobody out for good.
 */
export const BODY_LIMITS: QueueLimits = {
  running: 64,
  waiting: 0,
  bytes: 64_000_000,
  waitMs: 0,
  leaseMs: 20_000,
  restMs: 0,
};

export function barBytes({ bars }: Pick<Picture, 'bars'>): number {
  return bars.length * BAR_BYTES;
}
