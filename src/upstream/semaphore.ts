import { platformClock, type QueueClock } from '../concurrency/work-queue.ts';

/** So many at once, in this isolate. Who comes first of those that look has the next place. */
export interface Semaphore {
  /**
   * Waits for a place, for as long as `isWanted`. Gives what frees the place, or null where it was
   * not wanted any longer.
   */
  enter(isWanted: () => boolean): Promise<(() => void) | null>;
}

const LOOK_MIN_MS = 4;
const LOOK_MAX_MS = 250;
/** All who wait look 2,000 times a second together, however many they are. */
const LOOKS_PER_MS = 2;

/**
 * Requests may not wait for each other's promises, so they look again and again at plain data.
 * `leaseMs`: a place is free again after so long, because a request whose client went away may
 * never come to its end.
 */
export function createSemaphore(
  { places, leaseMs }: { readonly places: number; readonly leaseMs: number },
  { now, wait }: QueueClock = platformClock,
): Semaphore {
  /** When each place was taken, milliseconds since 1970. */
  const leases = new Map<symbol, number>();
  let nextLookAt = 0;

  function isFull(): boolean {
    for (const [lease, takenAt] of leases) if (now() - takenAt >= leaseMs) leases.delete(lease);
    return leases.size >= places;
  }

  /** Each look has its time, so that a thousand who wait cost no more than a few. */
  function pauseMs(): number {
    const earliest = now() + LOOK_MIN_MS;
    nextLookAt = Math.min(Math.max(earliest, nextLookAt + 1 / LOOKS_PER_MS), now() + LOOK_MAX_MS);
    return nextLookAt - now();
  }

  return {
    async enter(isWanted) {
      while (isFull()) {
        if (!isWanted()) return null;
        await wait(pauseMs());
      }
      if (!isWanted()) return null;
      const lease = Symbol('lease');
      leases.set(lease, now());
      return () => void leases.delete(lease);
    },
  };
}
