import { BREAK_MS, MlflowFailure } from './mlflow-failure.ts';

/** After a failure nobody asks again for a while, then one may try; everybody else hears the same reason at once. */
export interface CircuitBreaker {
  /** The failure that keeps it open, or null when MLflow may be asked. */
  openedBy(): MlflowFailure | null;
  run<T>(ask: () => Promise<T>): Promise<T>;
}

/** One per isolate: a dead MLflow costs its deadline once in five seconds. `now` gives milliseconds. */
export function createCircuitBreaker(now: () => number): CircuitBreaker {
  let failure: MlflowFailure | null = null;
  let openUntil = 0;

  const openedBy = () => (failure !== null && now() < openUntil ? failure : null);
  return {
    openedBy,
    async run(ask) {
      const open = openedBy();
      if (open !== null) throw open;
      // While one request tries whether MLflow is back, the others are not kept waiting for the same answer.
      if (failure !== null) openUntil = now() + BREAK_MS;
      try {
        const result = await ask();
        failure = null;
        return result;
      } catch (error) {
        if (error instanceof MlflowFailure && !error.isOfThisRequest) {
          failure = error;
          openUntil = now() + error.retryAfterMs;
        } else failure = null;
        throw error;
      }
    },
  };
}
