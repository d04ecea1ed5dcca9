import type { WorkQueue } from '../concurrency/work-queue.ts';
import type { Landing } from '../concurrency/share-flight.ts';
import type { Config } from '../config.ts';
import { AppError, failure } from '../errors.ts';
import type { Log } from '../observability/log.ts';
import type { MemoryCache } from '../storage/memory-cache.ts';
import type { ObjectStore, StoredObject } from '../storage/object-store.ts';
import type { Assessment } from './assess-freshness.ts';
import {
  assessStored,
  findChart,
  isOwnPlace,
  namedObject,
  type NamedObject,
} from './assess-stored.ts';
import type { ChartSource, ChartSourceRepository } from './chart-source.repository.ts';
import { READING_LIMITS, readingBytes, reserved, turnOf } from './draw-queue.ts';
import {
  imageReader,
  type ImageFlight,
  type ImageFlights,
  type ImageRequest,
} from './image-flight.ts';
import {
  fillEdge,
  fromEdge,
  remember,
  unchanged,
  unchangedSince,
  type EdgeDependencies,
  type Reading,
} from './edge-image.ts';
import { pictureOf, type Picture, type PictureState } from './picture.ts';
import {
  asFound,
  contentTypeOf,
  pointerOf,
  verified,
  type Found,
  type ImageOutcome,
} from './image-outcome.ts';
import { redrawImage, type Redraw, type RedrawImageDependencies } from './redraw-image.ts';
import type { RenderReason } from './render-ledger.repository.ts';
import type { ScanFile } from './scan-file.ts';
import { unusableBars } from './unusable-bars.ts';

export interface ImageDependencies extends RedrawImageDependencies, EdgeDependencies {
  readonly config: Pick<Config, 'store' | 'unverifiedObjects'>;
  readonly sources: ChartSourceRepository;
  readonly store: ObjectStore;
  readonly scanFile: ScanFile;
  readonly flights: ImageFlights;
  readonly readings: WorkQueue;
  /** For pictures that were served lately; `readings` is for all others. */
  readonly revalidations: WorkQueue;
  /** Artifacts whose image was served lately. Says nothing of what it is now. */
  readonly servedLately: MemoryCache<true>;
  readonly log: Log;
}

type Landed = Landing<ImageOutcome>;

/**
 * The image of one artifact: edge, then the object its row names, then a redraw. Requests of this
 * isolate for the same artifact share what is behind the isolate's memory. Outcomes are values;
 * what is thrown is an `AppError` that the wire knows (404, 400, 409, 422, 503, 504).
 */
export function createServeImage(deps: ImageDependencies) {
  return async function serveImage(
    artifactId: number,
    request: ImageRequest,
  ): Promise<ImageOutcome> {
    const key = String(artifactId);
    // While a flight is under way it has the bytes, and the cache may not have them yet.
    const pointer = deps.flights.isUnderWay(key) ? null : deps.pointers.near(artifactId);
    if (pointer !== null) {
      if (request.knows(pointer.etag)) return unchangedSince(pointer);
      const image = await fromEdge(deps, pointer);
      if (image !== null) return image;
    }
    return deps.flights.share(
      key,
      imageReader(request, (flight) => find(deps, artifactId, flight)),
    );
  };
}

/** What one request finds out for all. */
async function find(
  deps: ImageDependencies,
  artifactId: number,
  flight: ImageFlight,
): Promise<Landed> {
  const pointer = await deps.pointers.get(artifactId);
  if (pointer !== null) {
    const note = unchangedSince(pointer);
    if (flight.tell(note)) return { value: note };
    const image = await fromEdge(deps, pointer);
    if (image !== null) return { value: image };
  }
  const name = String(artifactId);
  const isKnown = deps.servedLately.get(name) === true;
  const place = reserved(isKnown ? deps.revalidations : deps.readings, readingBytes);
  flight.expectWithin(READING_LIMITS.waitMs);
  await turnOf(place, flight.isWanted);
  flight.expectWithin(0);
  try {
    const reading = { flight, readAt: deps.now(), release: place.release };
    const landed = await readAndServe(deps, artifactId, reading);
    deps.servedLately.set(name, true);
    return landed;
  } finally {
    place.release();
  }
}

async function readAndServe(
  deps: ImageDependencies,
  artifactId: number,
  reading: Reading,
): Promise<Landed> {
  const source = await findChart(deps.sources, artifactId);
  const state = await pictureOf(source, deps.config.store.buckets[0]);
  if (state.kind === 'usable') {
    const note = unchanged(state.picture);
    if (reading.flight.tell(note)) return { value: note };
  }
  const named = namedObject(source, deps.config.store.buckets);
  const cached = await fromContentCache(deps, source, state, named, reading);
  return cached ?? fromStoreOrRedraw(deps, source, state, named, reading);
}

/**
 * Another colo's or an earlier day's render: only when the row points at this picture's own object.
 */
async function fromContentCache(
  deps: ImageDependencies,
  source: ChartSource,
  state: PictureState,
  named: NamedObject,
  reading: Reading,
): Promise<Landed | null> {
  if (state.kind !== 'usable' || !isOwnPlace(named, state.picture)) return null;
  const image = await deps.edge.getImage(state.picture.renderKey);
  if (image === null) return null;
  const facts = verified(state.picture);
  const pointer = pointerOf(facts, state.picture.renderKey);
  return {
    value: { kind: 'image', ...facts, ...image, source: 'edge', caching: 'shared' },
    afterwards: () => remember(deps, source.id, pointer, reading),
  };
}

async function fromStoreOrRedraw(
  deps: ImageDependencies,
  source: ChartSource,
  state: PictureState,
  named: NamedObject,
  reading: Reading,
): Promise<Landed> {
  const picture = state.kind === 'usable' ? state.picture : null;
  let object: StoredObject | null = null;
  try {
    if ('ref' in named) object = await deps.store.get(named.ref);
  } catch (error) {
    // Too busy to read is too busy to draw.
    if (picture === null || (error instanceof AppError && error.code === 'busy')) throw error;
    deps.log.warn('image.read_failed', { artifact_id: source.id, ...failure(error) });
    const reason = { reason: 'missing', detail: 'the object store could not be asked' } as const;
    return redraw(deps, { source, picture, reason, older: null, useStore: false }, reading);
  }

  const { assessment, facts } = await assessStored(deps.scanFile, {
    source,
    picture,
    named,
    object,
    ledger: source.ledger,
  });
  const found = object === null || facts === null ? null : { object, facts };
  const reason = reasonToRedraw(assessment, deps.config.unverifiedObjects, picture);
  if (reason === null) return serveFound(deps, source, picture, assessment, found, reading);
  if (picture === null) throw cannotDraw(source, state, assessment);
  return redraw(deps, { source, picture, reason, older: found, useStore: true }, reading);
}

/** Null: what lies there may be served. */
function reasonToRedraw(
  assessment: Assessment,
  unverifiedObjects: 'serve' | 'regenerate',
  picture: Picture | null,
): RenderReason | null {
  const { freshness, detail } = assessment;
  if (freshness === 'missing' || freshness === 'stale') return { reason: freshness, detail };
  const mayRedraw = unverifiedObjects === 'regenerate' && picture !== null;
  return freshness === 'unverified' && mayRedraw ? { reason: 'unverified', detail } : null;
}

function serveFound(
  deps: ImageDependencies,
  source: ChartSource,
  picture: Picture | null,
  assessment: Assessment,
  found: Found | null,
  reading: Reading,
): Landed {
  if (found === null) throw new TypeError('only an object that was found can be served');
  const isVerified = assessment.freshness === 'verified' && picture !== null;
  const facts = isVerified ? verified(picture) : asFound(found, picture, assessment);
  const contentKey = isVerified ? picture.renderKey : found.facts.sha256;
  const image = { bytes: found.object.bytes, contentType: contentTypeOf(found.facts) };
  return {
    value: { kind: 'image', ...facts, ...image, source: 'store', caching: 'shared' },
    afterwards: () => fillEdge(deps, source.id, pointerOf(facts, contentKey), image, reading),
  };
}

async function redraw(deps: ImageDependencies, wanted: Redraw, reading: Reading): Promise<Landed> {
  const { outcome, isStored } = await redrawImage(deps, reading.flight, wanted, reading.release);
  if (!isStored) return { value: outcome };
  const { source, picture } = wanted;
  const pointer = pointerOf(verified(picture), picture.renderKey);
  return { value: outcome, afterwards: () => fillEdge(deps, source.id, pointer, outcome, reading) };
}

function cannotDraw(source: ChartSource, state: PictureState, { detail }: Assessment): AppError {
  if (state.kind === 'unusable') return unusableBars(state.error);
  return new AppError(
    'nothing_to_draw',
    `Artifact ${source.id} has no image (${detail}) and no bars to draw one from (metadata.market_data_snapshot.bars).`,
  );
}
