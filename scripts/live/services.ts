import type { LiveServiceKind } from './live-service.ts';
import { mlflow } from './mlflow.ts';

/** Every real service that can be started here, in the order in which they are. */
export const LIVE_SERVICES: readonly LiveServiceKind[] = [mlflow];
