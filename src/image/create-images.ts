import type { ArtifactImages } from '../artifact/image-port.ts';
import { createFlights, type Flights } from '../concurrency/share-flight.ts';
import { createWorkQueue, type QueueLimits } from '../concurrency/work-queue.ts';
import type { Config } from '../config.ts';
import type { Log } from '../observability/log.ts';
import type { Metrics } from '../observability/metrics.ts';
import type { Storage } from '../storage/create-storage.ts';
import type { EdgeCache } from '../storage/edge-cache.ts';
import { createMemoryCache } from '../storage/memory-cache.ts';
import { createAttachImage } from './attach-image.ts';
import { createChartSourceRepository } from './chart-source.repository.ts';
import { createChartAnswers, type ChartAnswers } from './data/chart-answer.ts';
import { createSnapshotRepository } from './data/snapshot.repository.ts';
import { createDecodeSlots, reserveBody } from './decode-slots.ts';
import type { ChartRenderRow } from './ledger/chart-render.table.ts';
import { findRender, type FoundRender } from './ledger/find-render.ts';
import { createRenderLedger } from './ledger/render-ledger.repository.ts';
import {
  BODY_LIMITS,
  DECODE_LIMITS,
  READING_LIMITS,
  REDRAW_LIMITS,
  REVALIDATION_LIMITS,
  SERVED_LATELY_MS,
} from './queue-limits.ts';
import type { RenderGate } from './redraw/render-job.ts';
import { removeArtifactImage } from './remove-artifact-image.ts';
import type { ReservedPlace } from './reserve-place.ts';
import { createScanFile } from './scan-file.ts';
import { createPointerCache, POINTER_MEMORY_TTL_MS } from './serve/edge-image.ts';
import type { ImageOutcome } from './serve/image-outcome.ts';
import { createServeImage, type ImageRequest } from './serve/serve-image.ts';
import type { ArtifactVerification, ImageVerification } from './verify/verification.schema.ts';
import { verifyArtifactImage } from './verify/verify-artifact.ts';
import { verifyPicture } from './verify/verify-picture.ts';

/** Everything that serves, proves and keeps pictures. */
export interface Images extends ArtifactImages {
  serve(artifactId: number, request: ImageRequest): Promise<ImageOutcome>;
  verifyArtifact(artifactId: number): Promise<ArtifactVerification>;
  verifyFile(
    bytes: Uint8Array<ArrayBuffer>,
    caller: { readonly isSignedIn: boolean },
  ): Promise<ImageVerification>;
  /** A place for a file of so many bytes, before it is read. Throws `busy`. */
  reserveBody(bytes: number): ReservedPlace;
  findRender(renderKey: string): Promise<ChartRenderRow | null>;
  /** Null: its picture is gone and nobody has its bars. */
  readRender(row: ChartRenderRow): Promise<FoundRender | null>;
  /** How many pictures had to be drawn, by reason. */
  countRenders(): Promise<Readonly<Record<string, number>>>;
  readonly chartAnswers: ChartAnswers;
}

export interface ImagesDependencies extends Storage {
  readonly config: Pick<Config, 'store' | 'unverifiedObjects'>;
  readonly edge: EdgeCache;
  readonly gateOf: (renderKey: string) => RenderGate;
  readonly metrics: Metrics;
  /** Lets work end after the answer to its request. */
  readonly defer: (work: Promise<unknown>) => void;
  readonly log: Log;
  /** Milliseconds. */
  readonly now: () => number;
}

/** Entries of each memory of an isolate. */
const MEMORY_MAX_ENTRIES = 10_000;
/** Each use asks the database whether it still holds; this only lets what nobody asks for go. */
const SNAPSHOT_MEMORY_TTL_MS = 600_000;

export function createImages(deps: ImagesDependencies): Images {
  const { config, database, store, edge, metrics, defer, log, now } = deps;
  const { buckets, publicEndpoint } = config.store;
  const [bucket] = buckets;
  const queue = (name: string, limits: QueueLimits) =>
    createWorkQueue(limits, { count: (event) => metrics.count('queue', { queue: name, event }) });
  const countFlight = (of: string) => (event: string) => metrics.count('flight', { of, event });
  const memory = <Value>(ttlMs: number) =>
    createMemoryCache<Value>({ maxEntries: MEMORY_MAX_ENTRIES, ttlMs, now });

  const ledger = createRenderLedger(database);
  const sources = createChartSourceRepository(database);
  const slots = createDecodeSlots({ queue: queue('decode', DECODE_LIMITS), defer });
  const bodies = queue('body', BODY_LIMITS);
  const scanFile = createScanFile({ edge, slots, defer });
  const pointers = createPointerCache(memory(POINTER_MEMORY_TTL_MS), edge);
  const flights = createFlights<ImageOutcome, ImageOutcome & { kind: 'not_modified' }>({
    defer,
    count: countFlight('image'),
  });
  const renderFlights: Flights<FoundRender | null, never> = createFlights({
    defer,
    count: countFlight('render'),
  });
  const verification = { buckets, sources, store, ledger, scanFile };
  const serve = createServeImage({
    ...deps,
    sources,
    scanFile,
    pointers,
    flights,
    readings: queue('reading', READING_LIMITS),
    revalidations: queue('revalidation', REVALIDATION_LIMITS),
    servedLately: memory(SERVED_LATELY_MS),
    redraws: queue('redraw', REDRAW_LIMITS),
  });
  const proof = { ...verification, edge, slots, serveImage: serve, defer, log };

  return {
    serve,
    async verifyArtifact(id) {
      const verified = await verifyArtifactImage(verification, id);
      metrics.count('image_verified', { of: 'artifact', verdict: verified.freshness });
      return verified;
    },
    async verifyFile(bytes, caller) {
      const verified = await verifyPicture(proof, bytes, caller);
      metrics.count('image_verified', { of: 'file', verdict: verified.verdict });
      return verified;
    },
    reserveBody: (bytes) => reserveBody(bodies, bytes),
    findRender: ledger.find,
    readRender: (row) =>
      renderFlights.share(row.render_key, {
        lead: async () => ({ value: await findRender(proof, row) }),
        take: ({ settled }) => {
          if (settled === null) return undefined;
          if (settled.ok) return settled.value;
          throw settled.error;
        },
      }),
    countRenders: ledger.countByReason,
    chartAnswers: createChartAnswers({
      bucket,
      snapshots: createSnapshotRepository(database),
      edge,
      memory: memory(SNAPSHOT_MEMORY_TTL_MS),
      defer,
    }),
    attach: createAttachImage({ scanFile, store, bucket, publicEndpoint }),
    async forget(id) {
      flights.forget(String(id));
      await pointers.drop(id);
    },
    remove: (row) => removeArtifactImage({ ledger, store, buckets, log }, row),
  };
}
