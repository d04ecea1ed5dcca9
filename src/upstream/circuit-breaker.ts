import { BREAK_MS, MlflowFailure } from '../mlflow/mlflow-failure.ts';

/**
 * After a failure nobody asks again for a while, then one may try; everybody else hears the same
 * reason at once.
 */
export interface CircuitBreaker {
  /** The failure that keeps it open, or null when MLflow may be asked. */
  openedBy(): MlflowFailure | null;
  /**
   * `isForced`: asks although it is open, as a repair does; when that works, everybody may ask
   * again.
   */
  run<T>(ask: () => Promise<T>, isForced: boolean): Promise<T>;
}

/**
 * One per isolate: a dead MLflow costs its deadline once in five seconds. `now` gives milliseconds.
 */
export function createCircuitBreaker(now: () => number): CircuitBreaker {
  let failure: MlflowFailure | null = null;
  let openUntil = 0;

  const openedBy = () => (failure !== null && now() < openUntil ? failure : null);
  return {
    openedBy,
    async run(ask, isForced) {
      const open = openedBy();
      if (open !== null && !isForced) throw open;
      // While one request tries whether MLflow is back, the others are not kept waiting for the
      // same answer.
      if (failure !== null && !isForced) openUntil = now() + BREAK_MS;
      try {
        const result = await ask();
        failure = null;
        return result;
      } catch (error) {
        // What is no failure of MLflow, as being out of time, says nothing of it.
        if (error instanceof MlflowFailure) {
          failure = error.isOfThisRequest ? null : error;
          openUntil = now() + error.retryAfterMs;
        }
        throw error;
      }
    },
  };
}
