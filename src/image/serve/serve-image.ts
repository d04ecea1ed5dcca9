import type { Flight, Flights, Landing, Reader } from '../../concurrency/share-flight.ts';
import type { WorkQueue } from '../../concurrency/work-queue.ts';
import type { Config } from '../../config.ts';
import { failure } from '../../errors.ts';
import type { MemoryCache } from '../../storage/memory-cache.ts';
import { isOwnPlace } from '../assess-freshness.ts';
import {
  examineImage,
  readChart,
  type ChartRow,
  type ExamineDependencies,
} from '../examine-image.ts';
import { READING_BYTES, READING_LIMITS } from '../queue-limits.ts';
import { redrawImage, type RedrawImageDependencies } from '../redraw/redraw-image.ts';
import { reservePlace } from '../reserve-place.ts';
import {
  fillEdge,
  fromEdge,
  pointerOf,
  remember,
  unchangedSince,
  type EdgeDependencies,
  type RowAge,
} from './edge-image.ts';
import {
  askedAgain,
  decideOutcome,
  unchanged,
  verified,
  withoutBytes,
  type ImageOutcome,
  type Redraw,
  type Unchanged,
} from './image-outcome.ts';

/**
 * The note is what everybody who has the picture in hand is told, known as soon as the row was
 * read.
 */
type ImageFlight = Flight<ImageOutcome, Unchanged>;
export type ImageFlights = Flights<ImageOutcome, Unchanged>;
type Landed = Landing<ImageOutcome>;

export interface ImageDependencies
  extends
    RedrawImageDependencies,
    EdgeDependencies,
    Pick<ExamineDependencies, 'sources' | 'store' | 'scanFile'> {
  readonly config: Pick<Config, 'store' | 'unverifiedObjects'>;
  readonly flights: ImageFlights;
  readonly readings: WorkQueue;
  /** For pictures that were served lately; `readings` is for all others. */
  readonly revalidations: WorkQueue;
  /** Artifacts whose image was served lately. Says nothing of what it is now. */
  readonly servedLately: MemoryCache<true>;
}

/** One request for an image. */
export interface ImageRequest {
  /** Whether the client holds what has this ETag. */
  readonly knows: (etag: string) => boolean;
  /** The client hung up, where the platform says so. */
  readonly isGone?: () => boolean;
}

export type ServeImage = (artifactId: number, request: ImageRequest) => Promise<ImageOutcome>;

type Serving = ImageDependencies & ExamineDependencies;

/** Once an artifact's row is being read: when, and how to let the next one read. */
interface Reading extends RowAge {
  readonly flight: ImageFlight;
  readonly release: () => void;
}

/**
 * The image of one artifact: edge, then the object its row names, then a redraw. Requests of this
 * isolate for the same artifact share what is behind the isolate's memory. Outcomes are values;
 * what is thrown is an `AppError` that the wire knows (404, 400, 409, 422, 503, 504).
 */
export function createServeImage(deps: ImageDependencies): ServeImage {
  const serving: Serving = {
    ...deps,
    buckets: deps.config.store.buckets,
    // The row brought it along.
    ledgerOf: async ({ source }) => source.ledger,
  };
  return async function serveImage(artifactId, request) {
    const key = String(artifactId);
    // While a flight is under way it has the bytes, and the cache may not have them yet.
    const pointer = deps.flights.isUnderWay(key) ? null : deps.pointers.near(artifactId);
    if (pointer !== null) {
      if (request.knows(pointer.etag)) return unchangedSince(pointer);
      const image = await fromEdge(deps, pointer);
      if (image !== null) return image;
    }
    const lead = (flight: ImageFlight) => find(serving, artifactId, flight);
    return deps.flights.share(key, imageReader(request, lead));
  };
}

/** How a request takes its own answer from a flight that others share. */
export function imageReader(
  { knows, isGone = () => false }: ImageRequest,
  lead: (flight: ImageFlight) => Promise<Landed>,
): Reader<ImageOutcome, Unchanged, ImageOutcome> {
  let hasWaited = false;
  return {
    lead,
    isGone,
    isContent: (note) => knows(note.etag),
    take({ note, settled }, role) {
      if (note !== null && knows(note.etag)) return note;
      if (settled === null) {
        hasWaited = true;
        return undefined;
      }
      if (!settled.ok) throw settled.error;
      // Who comes while the edge is still being filled asks for what was drawn before.
      const isLate = role === 'follower' && !hasWaited;
      const outcome = isLate ? askedAgain(settled.value) : settled.value;
      if (outcome.kind === 'image') return knows(outcome.etag) ? withoutBytes(outcome) : outcome;
      // All who waited held it already; one who does not has to fly again.
      return knows(outcome.etag) ? outcome : undefined;
    },
  };
}

/** What one request finds out for all. */
async function find(deps: Serving, artifactId: number, flight: ImageFlight): Promise<Landed> {
  const pointer = await deps.pointers.get(artifactId);
  if (pointer !== null) {
    const note = unchangedSince(pointer);
    if (flight.tell(note)) return { value: note };
    const image = await fromEdge(deps, pointer);
    if (image !== null) return { value: image };
  }
  const name = String(artifactId);
  const queue = deps.servedLately.get(name) === true ? deps.revalidations : deps.readings;
  const place = reservePlace(queue, READING_BYTES, 'drawing');
  flight.expectWithin(READING_LIMITS.waitMs);
  await place.turn(flight.isWanted);
  flight.expectWithin(0);
  try {
    const landed = await read(deps, artifactId, {
      flight,
      readAt: deps.now(),
      isCurrent: () => !flight.isOutdated,
      release: place.release,
    });
    deps.servedLately.set(name, true);
    return landed;
  } finally {
    place.release();
  }
}

/** The row, and as little more as will do. */
async function read(deps: Serving, artifactId: number, reading: Reading): Promise<Landed> {
  const row = await readChart(deps, artifactId);
  if (row.picture !== null) {
    const note = unchanged(row.picture);
    if (reading.flight.tell(note)) return { value: note };
  }
  const cached = await fromContentCache(deps, row, reading);
  if (cached !== null) return cached;

  const examined = await examineImage(deps, row);
  const decision = decideOutcome(examined, deps.config.unverifiedObjects);
  switch (decision.kind) {
    case 'serve': {
      const { image, contentKey } = decision;
      const pointer = pointerOf(image, contentKey);
      const afterwards = () => fillEdge(deps, artifactId, pointer, image, reading);
      return { value: image, afterwards };
    }
    case 'redraw':
      if (examined.kind === 'unread') {
        const facts = { artifact_id: artifactId, ...failure(examined.error) };
        deps.log.warn('image.read_failed', facts);
      }
      return redraw(deps, decision.redraw, reading);
    case 'refuse':
      throw decision.error;
  }
}

/**
 * Another colo's or an earlier day's render: only when the row points at this picture's own object.
 */
async function fromContentCache(
  deps: Serving,
  { source, picture, named }: ChartRow,
  reading: Reading,
): Promise<Landed | null> {
  if (picture === null || !isOwnPlace(named.ref, picture)) return null;
  const image = await deps.edge.getImage(picture.renderKey);
  if (image === null) return null;
  const facts = verified(picture);
  return {
    value: { kind: 'image', ...facts, ...image, source: 'edge', caching: 'shared' },
    afterwards: () => remember(deps, source.id, pointerOf(facts, picture.renderKey), reading),
  };
}

async function redraw(deps: Serving, wanted: Redraw, reading: Reading): Promise<Landed> {
  const { outcome, isStored } = await redrawImage(deps, reading.flight, wanted, reading.release);
  if (!isStored) return { value: outcome };
  const { source, picture } = wanted;
  const pointer = pointerOf(verified(picture), picture.renderKey);
  return { value: outcome, afterwards: () => fillEdge(deps, source.id, pointer, outcome, reading) };
}
