import type { MlflowConfig } from '../config.ts';
import { createCircuitBreaker } from '../upstream/circuit-breaker.ts';
import { createMlflowClient, type MlflowClient } from './mlflow-client.ts';

/** Null where MLflow is not configured; `problem` of the configuration says why. `now`: milliseconds. */
export function connectMlflow(config: MlflowConfig, now: () => number): MlflowClient | null {
  const { trackingUri } = config;
  if (trackingUri === null) return null;
  return createMlflowClient({ ...config, trackingUri }, createCircuitBreaker(now), now);
}
