import type { QueueLimits, Refusal, WorkQueue } from '../concurrency/work-queue.ts';
import { AppError } from '../errors.ts';

/** Two decodes at once in an isolate; a few wait for one, with the files that they bring. */
export const DECODE_LIMITS: QueueLimits = {
  running: 2,
  waiting: 16,
  bytes: 64_000_000,
  waitMs: 2_000,
  leaseMs: 20_000,
  restMs: 0,
};

/** Lets few decodes run at once in this isolate, and few wait for one. */
export interface DecodeSlots {
  /**
   * `bytes`: of the files that are held meanwhile. Throws `busy` when nothing becomes free in time. What has begun is
   * finished when its client has gone, because an abandoned decode would hold its place.
   */
  run<T>(bytes: number, work: () => Promise<T>): Promise<T>;
}

export function createDecodeSlots(deps: {
  readonly queue: WorkQueue;
  /** Keeps work alive that outlives its request. */
  readonly defer: (work: Promise<unknown>) => void;
}): DecodeSlots {
  return {
    async run(bytes, work) {
      const place = deps.queue.reserve(bytes);
      if ('refused' in place) throw busy(place);
      const refusal = await place.turn();
      if (refusal !== null) throw busy(refusal);
      const running = work().finally(() => place.release());
      deps.defer(running.catch(() => {}));
      return running;
    },
  };
}

function busy({ retryAfterSeconds }: Refusal): AppError {
  return new AppError('busy', 'Too many pictures are being checked at the moment.', { retryAfterSeconds });
}
