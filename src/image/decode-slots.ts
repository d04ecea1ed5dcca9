import type { WorkQueue } from '../concurrency/work-queue.ts';
import { reservePlace, type ReservedPlace } from './reserve-place.ts';

/** Lets few decodes run at once in this isolate, and few wait for one. */
export interface DecodeSlots {
  /**
   * `bytes`: of the files that are held meanwhile. Throws `busy` when nothing becomes free in time.
   * What has begun is finished when its client has gone, because an abandoned decode would hold its
   * place.
   */
  run<T>(bytes: number, work: () => Promise<T>): Promise<T>;
}

/**
 * A place for a file of so many bytes, before it is read; throws `busy`. To be released when the
 * file is let go.
 */
export function reserveBody(queue: WorkQueue, bytes: number): ReservedPlace {
  return reservePlace(queue, bytes, 'checking');
}

/** Decodes of this isolate take turns. */
export function createDecodeSlots(deps: {
  readonly queue: WorkQueue;
  /** Keeps work alive that outlives its request. */
  readonly defer: (work: Promise<unknown>) => void;
}): DecodeSlots {
  return {
    async run(bytes, work) {
      const place = reservePlace(deps.queue, bytes, 'checking');
      await place.turn();
      const running = work().finally(() => place.release());
      deps.defer(running.catch(() => {}));
      return running;
    },
  };
}
