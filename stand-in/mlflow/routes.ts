import { experimentRoutes } from './experiment-routes.ts';
import { runRoutes } from './run-routes.ts';
import type { KeptExperiment, MlflowStore } from './store.ts';
import { createTracking, type Route } from './tracking.ts';

export interface MlflowRoutes {
  /** By `METHOD path`, the path without its `/api/2.0/mlflow/`. */
  find(method: string, path: string): Route | null;
}

/** The tracking API over a store. `isDenied`: experiments that the account may not read. */
export function createMlflowRoutes(
  store: MlflowStore,
  isDenied: (experiment: KeptExperiment) => boolean,
): MlflowRoutes {
  const tracking = createTracking(store, isDenied);
  const routes = { ...experimentRoutes(tracking), ...runRoutes(tracking) };
  return { find: (method, path) => routes[`${method} ${path}`] ?? null };
}
