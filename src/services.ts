import { createArtifactRoom } from './artifact/create-artifact-room.ts';
import { findTableProblem } from './artifact/table-shape.repository.ts';
import { createCatalog } from './catalog/create-catalog.ts';
import { readConfig } from './config.ts';
import { createHealth } from './health/create-health.ts';
import { createDependencyProbes } from './health/dependency-probe.repository.ts';
import { READINESS_DEADLINE_MS } from './health/read-readiness.ts';
import { createCallerServices } from './http/create-caller-services.ts';
import { createImages } from './image/create-images.ts';
import { createGateDependencies } from './image/redraw/create-gate-dependencies.ts';
import type { RenderGate } from './image/redraw/render-job.ts';
import { createLineage } from './lineage/create-lineage.ts';
import { createRecordRepository } from './lineage/record.repository.ts';
import { createMetricReader, SNAPSHOT_DEADLINE_MS } from './metrics/create-metric-reader.ts';
import { connectMlflow } from './mlflow/connect-mlflow.ts';
import { createLog } from './observability/log.ts';
import type { MetricBuffer } from './observability/metrics.ts';
import { createStorage } from './storage/create-storage.ts';
import { createWorkersEdgeCache } from './storage/workers-edge-cache.ts';

/** What the platform gives besides variables. */
export interface Platform {
  readonly cache: Cache;
  /** Lets work end after the answer to its request. */
  readonly defer: (work: Promise<unknown>) => void;
  /** What the isolate counts, for all of its services. */
  readonly metrics: MetricBuffer;
}

export type Services = ReturnType<typeof createServices>;

/** Composes the rooms, once per isolate. Throws `configuration_error`. */
export function createServices(env: Env, platform: Platform) {
  const ground = createGround(env, platform);
  const { config, database, log } = ground;
  const edge = createWorkersEdgeCache(platform.cache, log);
  const hasty = createStorage(config, READINESS_DEADLINE_MS);
  const patientDatabase = createStorage(config, SNAPSHOT_DEADLINE_MS).database;
  const probes = createDependencyProbes(database);
  const records = createRecordRepository(database);
  const mlflow = connectMlflow(config.mlflow, ground);
  const lineage = createLineage({ ...ground, mlflow, probes, findRecords: records.findMany });
  const { hydration, readMlflowState } = lineage;
  // The stub's methods are those of the class that `renderGateClass` makes.
  const gateOf = (key: string) => env.RENDER_GATE.getByName(key) as unknown as RenderGate;
  const images = createImages({ ...ground, edge, gateOf });
  const { countRenders } = images;
  const catalog = createCatalog({ ...ground, records, hydration, countRenders });
  const { present } = catalog;
  return {
    ...createCallerServices(config, env, log),
    log,
    artifacts: createArtifactRoom({ ...ground, images, present }),
    catalog,
    lineage,
    images,
    health: createHealth({ ...ground, hasty, probes, findTableProblem, readMlflowState }),
    metricReader: createMetricReader({ ...ground, patientDatabase }),
  };
}

/** What the render gate draws and writes with; its isolate may serve no requests. */
export function createGateServices(env: Env, platform: Omit<Platform, 'cache'>) {
  const ground = createGround(env, platform);
  // Nobody else would write what this isolate counts.
  createMetricReader({ ...ground, patientDatabase: ground.database });
  return createGateDependencies(ground);
}

/** What every room stands on. */
function createGround(env: Env, { defer, metrics }: Omit<Platform, 'cache'>) {
  const config = readConfig(env);
  const now = () => Date.now();
  return { config, ...createStorage(config), log: createLog(), metrics, defer, now };
}
