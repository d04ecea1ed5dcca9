import { createArtifactGroupRepository } from './catalog/group.repository.ts';
import { createArtifactListRepository } from './catalog/list.repository.ts';
import { createArtifactSummaryRepository } from './catalog/summary.repository.ts';
import { createArtifactRepository } from './artifact/artifact.repository.ts';
import { createArtifact, type CreateFlights } from './artifact/create-artifact.ts';
import { createExecutionRepository } from './catalog/execution.repository.ts';
import { createIdempotencyRepository } from './artifact/idempotency.repository.ts';
import { listArtifacts } from './catalog/list-artifacts.ts';
import { findTableProblem } from './artifact/table-shape.repository.ts';
import { chartAssets } from './chart/chart-assets.worker.ts';
import { createChartRenderer } from './chart/render-chart.ts';
import { createFlights, type Flights } from './concurrency/share-flight.ts';
import { createWorkQueue } from './concurrency/work-queue.ts';
import { readConfig, type Config } from './config.ts';
import { createAuthenticator } from './http/auth.ts';
import type { HttpVariables } from './http/http-env.ts';
import type { RowPreconditions } from './http/preconditions.ts';
import { createRateLimiters } from './http/rate-limiter.ts';
import { createAttachImage } from './image/attach-image.ts';
import { createChartAnswers, type KnownSnapshot } from './image/chart-answer.ts';
import { createChartSourceRepository } from './image/chart-source.repository.ts';
import {
  BODY_LIMITS,
  createDecodeSlots,
  DECODE_LIMITS,
  reserveBody,
} from './image/decode-slots.ts';
import { findRender, type FoundRender } from './image/find-render.ts';
import type { ChartRenderRow } from './image/chart-render.table.ts';
import {
  DRAW_LIMITS,
  READING_LIMITS,
  REDRAW_LIMITS,
  REVALIDATION_LIMITS,
  SERVED_LATELY_MS,
} from './image/draw-queue.ts';
import { createPointerCache, POINTER_MEMORY_TTL_MS, type Pointer } from './image/edge-image.ts';
import type { RenderGateDependencies } from './image/render-gate.ts';
import type { RenderGate } from './image/render-job.ts';
import { createRenderLedger } from './image/render-ledger.repository.ts';
import { removeArtifactImage } from './image/remove-artifact-image.ts';
import { createServeImage, type ImageFlights } from './image/serve-image.ts';
import { createScanFile } from './image/scan-file.ts';
import { verifyArtifactImage } from './image/verify-artifact.ts';
import { verifyPicture } from './image/verify-picture.ts';
import { createSnapshotRepository } from './image/snapshot.repository.ts';
import { createCircuitBreaker } from './upstream/circuit-breaker.ts';
import { createLineage } from './lineage/create-lineage.ts';
import { createMlflowClient, type MlflowClient } from './mlflow/mlflow-client.ts';
import { createExecutionReader } from './catalog/read-executions.ts';
import { createMetricCounterRepository } from './metrics/metric-counter.repository.ts';
import { createMetricSnapshotRepository } from './metrics/metric-snapshot.repository.ts';
import { createMetricReader } from './metrics/read-metrics.ts';
import { createMetricFlusher } from './observability/flush-metrics.ts';
import { createLog } from './observability/log.ts';
import type { MetricBuffer, Metrics } from './observability/metrics.ts';
import { createDatabase } from './storage/database.ts';
import { createDependencyProbes } from './health/dependency-probe.repository.ts';
import { createMemoryCache } from './storage/memory-cache.ts';
import { probeConditionalWrites } from './storage/probe-conditional-writes.ts';
import { READINESS_DEADLINE_MS, readReadiness } from './health/read-readiness.ts';
import { createS3ObjectStore } from './storage/s3-object-store.ts';
import { createWorkersEdgeCache } from './storage/workers-edge-cache.ts';

const POINTERS_IN_MEMORY = 10_000;
/** Each use asks the database whether it still holds; this only lets what nobody asks for go. */
const SNAPSHOT_MEMORY_TTL_MS = 600_000;
const DRAW_STAGE_REST_MS = 20;
const CONDITIONAL_WRITES = 'conditional_writes';
/** Counting a million artifacts takes longer than any request may. */
const SNAPSHOT_DEADLINE_MS = 25_000;

/** What the platform gives besides variables. */
export interface Platform {
  readonly cache: Cache;
  readonly waitUntil: (work: Promise<unknown>) => void;
  /** What the isolate counts, for all of its services. */
  readonly metrics: MetricBuffer;
}

/**
 * The only place where adapters are constructed. Once per isolate; throws `configuration_error`.
 */
export function createServices(env: Env, platform: Platform) {
  const config = readConfig(env);
  const log = createLog();
  const { database, store, ledger } = createStorage(config);
  const [bucket] = config.store.buckets;
  const { metrics } = platform;
  const edge = createWorkersEdgeCache(platform.cache, log);
  const memory = createMemoryCache<Pointer>({
    maxEntries: POINTERS_IN_MEMORY,
    ttlMs: POINTER_MEMORY_TTL_MS,
    now: () => Date.now(),
  });
  const pointers = createPointerCache(memory, edge);
  const sources = createChartSourceRepository(database);
  const artifacts = createArtifactRepository(database);
  const isMlflowConfigured = config.mlflow.problem === null;
  const artifactList = createArtifactListRepository(database, { isMlflowConfigured });
  const summary = createArtifactSummaryRepository(database, { isMlflowConfigured });
  const idempotency = createIdempotencyRepository(database);
  const slots = createDecodeSlots({
    queue: createWorkQueue(DECODE_LIMITS, { count: countQueue(metrics, 'decode') }),
    defer: platform.waitUntil,
  });
  const bodies = createWorkQueue(BODY_LIMITS, { count: countQueue(metrics, 'body') });
  const scanFile = createScanFile({ edge, slots, defer: platform.waitUntil });
  const attachImage = createAttachImage({
    scanFile,
    store,
    bucket,
    publicEndpoint: config.store.publicEndpoint,
  });
  const probes = createDependencyProbes(database);
  const verification = { buckets: config.store.buckets, sources, store, ledger, scanFile };
  const counters = createMetricCounterRepository(database);
  const now = () => Date.now();
  const flushing = { metrics, write: counters.add, defer: platform.waitUntil, log, now };
  const slowDatabase = connectDatabase(config, SNAPSHOT_DEADLINE_MS);
  const metricReader = createMetricReader({
    counters,
    snapshots: createMetricSnapshotRepository(slowDatabase, { isMlflowConfigured }),
    flusher: createMetricFlusher(flushing),
    defer: platform.waitUntil,
    log,
    now,
  });
  const lineage = createLineage({
    config,
    database,
    mlflow: connectMlflow(config),
    probes,
    findRecords: artifacts.findMany,
    log,
    metrics,
    now: () => Date.now(),
    defer: platform.waitUntil,
  });
  const hasty = createStorage(config, READINESS_DEADLINE_MS);
  const createsUnderWay: CreateFlights = createFlights({
    defer: platform.waitUntil,
    count: (event) => metrics.count('flight', { of: 'create', event }),
  });
  const imageFlights: ImageFlights = createFlights({
    defer: platform.waitUntil,
    count: (event) => metrics.count('flight', { of: 'image', event }),
  });
  const forgetImage = async (id: number) => {
    imageFlights.forget(String(id));
    await pointers.drop(id);
  };
  const gateOf = (renderKey: string) =>
    // The stub's methods are those of the class that `renderGateClass` makes.
    env.RENDER_GATE.getByName(renderKey) as unknown as RenderGate;

  const serveImage = createServeImage({
    config,
    sources,
    store,
    scanFile,
    edge,
    pointers,
    gateOf,
    flights: imageFlights,
    readings: createWorkQueue(READING_LIMITS, { count: countQueue(metrics, 'reading') }),
    revalidations: createWorkQueue(REVALIDATION_LIMITS, {
      count: countQueue(metrics, 'revalidation'),
    }),
    servedLately: createMemoryCache({
      maxEntries: POINTERS_IN_MEMORY,
      ttlMs: SERVED_LATELY_MS,
      now: () => Date.now(),
    }),
    redraws: createWorkQueue(REDRAW_LIMITS, { count: countQueue(metrics, 'redraw') }),
    log,
    now: () => Date.now(),
  });
  const renderFlights: Flights<FoundRender | null, never> = createFlights({
    defer: platform.waitUntil,
    count: (event) => metrics.count('flight', { of: 'render', event }),
  });
  const proof = { ...verification, edge, slots, serveImage, defer: platform.waitUntil, log };

  return {
    config,
    log,
    metrics,
    metricReader,
    authenticator: createAuthenticator(config),
    rateLimits: createRateLimiters({ data: env.DATA_LIMIT, work: env.WORK_LIMIT }, log),
    artifacts,
    listArtifacts: (query: Parameters<typeof listArtifacts>[1]) =>
      listArtifacts(artifactList, query),
    summarize: async () => {
      const [totals, rendersByReason] = await Promise.all([
        summary.summarize(),
        ledger.countByReason(),
      ]);
      return { ...totals, rendersByReason };
    },
    lineage,
    hydration: lineage.hydration,
    executions: createExecutionReader({
      groups: createArtifactGroupRepository(database, { isMlflowConfigured }),
      executions: createExecutionRepository(database),
      hydration: lineage.hydration,
      config,
    }),
    createArtifact: (
      request: Parameters<typeof createArtifact>[1],
      repeat: Parameters<typeof createArtifact>[2],
    ) =>
      createArtifact(
        { artifacts, idempotency, attachImage, flights: createsUnderWay },
        request,
        repeat,
      ),
    removeArtifact: async (id: number, wanted: RowPreconditions) => {
      const outcome = await artifacts.remove(id, wanted);
      if (outcome.kind !== 'written') return outcome;
      await forgetImage(id);
      // The row is gone either way; an object that cannot be removed now is only litter.
      platform.waitUntil(
        removeArtifactImage({ ledger, store, buckets: config.store.buckets, log }, outcome.row),
      );
      return outcome;
    },
    forgetImage,
    serveImage,
    verifyArtifactImage: async (id: number) => {
      const verified = await verifyArtifactImage(verification, id);
      metrics.count('image_verified', { of: 'artifact', verdict: verified.freshness });
      return verified;
    },
    verifyPicture: async (
      bytes: Uint8Array<ArrayBuffer>,
      caller: { readonly isSignedIn: boolean },
    ) => {
      const verified = await verifyPicture(proof, bytes, caller);
      metrics.count('image_verified', { of: 'file', verdict: verified.verdict });
      return verified;
    },
    /** Throws `busy`. */
    reserveBody: (bytes: number) => reserveBody(bodies, bytes),
    renders: {
      find: ledger.find,
      read: (row: ChartRenderRow) =>
        renderFlights.share(row.render_key, {
          lead: async () => ({ value: await findRender(proof, row) }),
          take: ({ settled }) => {
            if (settled === null) return undefined;
            if (settled.ok) return settled.value;
            throw settled.error;
          },
        }),
    },
    chartAnswers: createChartAnswers({
      bucket,
      snapshots: createSnapshotRepository(database),
      edge,
      memory: createMemoryCache<KnownSnapshot>({
        maxEntries: POINTERS_IN_MEMORY,
        ttlMs: SNAPSHOT_MEMORY_TTL_MS,
        now: () => Date.now(),
      }),
      defer: platform.waitUntil,
    }),
    readiness: () =>
      readReadiness({
        findTableProblem: () => findTableProblem((statement) => hasty.database.execute(statement)),
        probes: createDependencyProbes(hasty.database),
        store: hasty.store,
        bucket,
        conditionalWrites: CONDITIONAL_WRITES,
        mlflow: lineage.readMlflowState,
      }),
    /** By cron, never by a request: whether the store honours conditional writes. */
    probeStore: async () => {
      const { honoured, detail } = await probeConditionalWrites(store, bucket);
      await probes.record({ name: CONDITIONAL_WRITES, ok: honoured, detail });
      log.info('store.probed', { conditional_writes: honoured, detail });
    },
  };
}

export type Services = ReturnType<typeof createServices>;

/** Counts what happens in a queue of this isolate. */
function countQueue(metrics: Metrics, queue: string): (event: string) => void {
  return (event) => metrics.count('queue', { queue, event });
}

/**
 * Two turns of the event loop, or three, for whoever waits in the isolate: an answer that has come,
 * the next question.
 */
function restBetweenStages(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, DRAW_STAGE_REST_MS));
}

/** What the render gate draws and writes with; it lives in another isolate than most requests. */
export function createRenderGateDependencies(
  env: Env,
  { metrics, waitUntil }: Omit<Platform, 'cache'>,
): RenderGateDependencies {
  const config = readConfig(env);
  const { database, store, ledger } = createStorage(config);
  const log = createLog();
  const now = () => Date.now();
  const write = createMetricCounterRepository(database).add;
  // Its isolate may serve no requests, so nobody else would write what it counts.
  createMetricFlusher({ metrics, write, defer: waitUntil, log, now });
  return {
    store,
    ledger,
    renderer: createChartRenderer(chartAssets, restBetweenStages),
    draws: createWorkQueue(DRAW_LIMITS, { count: countQueue(metrics, 'draw') }),
    publicEndpoint: config.store.publicEndpoint,
    log,
    metrics,
    now,
  };
}

/** `deadlineMs`: of every request, when it is another than usual. */
function createStorage(config: Config, deadlineMs?: number) {
  const database = connectDatabase(config, deadlineMs);
  const hurry = deadlineMs === undefined ? {} : { deadlineMs };
  const store = createS3ObjectStore({ ...config.store, ...hurry });
  return { database, store, ledger: createRenderLedger(database) };
}

function connectDatabase({ database: { url, httpEndpoint } }: Config, deadlineMs?: number) {
  return createDatabase({
    databaseUrl: url,
    httpEndpoint,
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
  });
}

/** Null where MLflow is not configured; `config.mlflow.problem` says why. */
function connectMlflow({ mlflow }: Config): MlflowClient | null {
  const { trackingUri } = mlflow;
  if (trackingUri === null) return null;
  const now = () => Date.now();
  return createMlflowClient({ ...mlflow, trackingUri }, createCircuitBreaker(now), now);
}

/** Hono's environment: the one type that routes may take from above. */
export interface AppEnv {
  Bindings: Env;
  Variables: HttpVariables & { services: Services };
}
