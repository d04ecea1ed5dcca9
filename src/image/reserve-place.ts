import type { Refusal, WorkQueue } from '../concurrency/work-queue.ts';
import { AppError } from '../errors.ts';

const TOO_MANY = {
  drawing: 'Too many pictures are being read and drawn at the moment.',
  checking: 'Too many pictures are being checked at the moment.',
} as const;

/** A place in a queue of the image path, which refuses with `busy`. */
export interface ReservedPlace {
  /** Waits for the turn. Throws `busy`. */
  turn(isWanted?: () => boolean): Promise<void>;
  release(): void;
}

/** A place without waiting; throws `busy`. `bytes`: what waits in memory with it. */
export function reservePlace(
  queue: WorkQueue,
  bytes: number,
  work: keyof typeof TOO_MANY,
): ReservedPlace {
  const busy = ({ retryAfterSeconds }: Refusal) =>
    new AppError('busy', TOO_MANY[work], { retryAfterSeconds });
  const place = queue.reserve(bytes);
  if ('refused' in place) throw busy(place);
  return {
    async turn(isWanted) {
      const refusal = await place.turn(isWanted);
      if (refusal !== null) throw busy(refusal);
    },
    release: place.release,
  };
}
