import { BREAK_MS, UpstreamFailure } from './upstream-failure.ts';

/**
 * After a failure nobody asks again for a while, then one may try; everybody else hears the same
 * reason at once.
 */
export interface CircuitBreaker {
  /** The failure for which nobody asks at the moment, or null. */
  outage(): UpstreamFailure | null;
  /**
   * `ignoresOutage`: asks although it is open, as a repair does; when that works, everybody may ask
   * again. Throws what `ask` throws, or the failure for which nobody asks.
   */
  run<T>(ask: () => Promise<T>, ignoresOutage: boolean): Promise<T>;
}

/** One a service and isolate: a dead one costs its deadline once in five seconds. */
export function createCircuitBreaker(now: () => number): CircuitBreaker {
  let last: UpstreamFailure | null = null;
  let openUntil = 0;

  const outage = () => (last !== null && now() < openUntil ? last : null);
  return {
    outage,
    async run(ask, ignoresOutage) {
      const failure = outage();
      if (failure !== null && !ignoresOutage) throw failure;
      // While one request tries whether the service is back, the others are not kept waiting for
      // the same answer.
      if (last !== null && !ignoresOutage) openUntil = now() + BREAK_MS;
      try {
        const result = await ask();
        last = null;
        return result;
      } catch (error) {
        // What is no failure of the service, as being out of time, says nothing of it.
        if (error instanceof UpstreamFailure) {
          last = error.isOfThisRequest ? null : error;
          openUntil = now() + error.retryAfterMs;
        }
        throw error;
      }
    },
  };
}
