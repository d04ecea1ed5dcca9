import type { LiveServiceKind } from './live-service.ts';
import { minio } from './minio.ts';
import { mlflow } from './mlflow.ts';
import { postgresql } from './postgresql.ts';

/** Every real service that can be started here. */
export const LIVE_SERVICES: readonly LiveServiceKind[] = [minio, postgresql, mlflow];
