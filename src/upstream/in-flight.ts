/** What is being worked on in this isolate, so that nobody begins the same a second time. */
export interface InFlight {
  isBusy(key: string): boolean;
  /** How many keys are being worked on. */
  count(): number;
  run<T>(key: string, work: () => Promise<T>): Promise<T>;
  /** Resolves when nobody works on it any more. */
  settled(key: string): Promise<void>;
}

const POLL_MS = 20;
const KEYS_MAX = 1_000;

/**
 * Requests may not wait for each other's promises on every platform, so they look again and again.
 * `maxMs`: after so long a key counts as free, because a request whose client went away never comes
 * to its end.
 */
export function createInFlight(maxMs: number, now: () => number): InFlight {
  const startedAt = new Map<string, number>();
  const isBusy = (key: string) => now() - (startedAt.get(key) ?? Number.NEGATIVE_INFINITY) < maxMs;
  return {
    isBusy,
    count: () => [...startedAt.keys()].filter(isBusy).length,
    async run(key, work) {
      if (startedAt.size >= KEYS_MAX) {
        for (const old of startedAt.keys()) if (!isBusy(old)) startedAt.delete(old);
      }
      startedAt.set(key, now());
      try {
        return await work();
      } finally {
        startedAt.delete(key);
      }
    },
    async settled(key) {
      while (isBusy(key)) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    },
  };
}
