import type { MlflowConfig } from '../config.ts';
import {
  createMlflowClient,
  type MlflowClient,
  type MlflowClientOptions,
} from './mlflow-client.ts';

/** Null where MLflow is not configured; `problem` of the configuration says why. */
export function connectMlflow(
  config: MlflowConfig,
  options: MlflowClientOptions,
): MlflowClient | null {
  const { trackingUri } = config;
  return trackingUri === null ? null : createMlflowClient({ ...config, trackingUri }, options);
}
