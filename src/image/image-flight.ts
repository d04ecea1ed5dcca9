import type { Flight, Flights, Landing, Reader } from '../concurrency/share-flight.ts';
import type { ImageOutcome, ServedImage, Unchanged } from './image-outcome.ts';

/**
 * The note is what everybody who has the picture in hand is told, known as soon as the row was
 * read.
 */
export type ImageFlight = Flight<ImageOutcome, Unchanged>;
export type ImageFlights = Flights<ImageOutcome, Unchanged>;

/** One request for an image. */
export interface ImageRequest {
  /** Whether the client holds what has this ETag. */
  readonly knows: (etag: string) => boolean;
  /** The client hung up, where the platform says so. */
  readonly isGone?: () => boolean;
}

/** How a request takes its own answer from a flight that others share. */
export function imageReader(
  { knows, isGone = () => false }: ImageRequest,
  lead: (flight: ImageFlight) => Promise<Landing<ImageOutcome>>,
): Reader<ImageOutcome, Unchanged, ImageOutcome> {
  return {
    lead,
    isGone,
    isContent: (note) => knows(note.etag),
    take({ note, settled }) {
      if (note !== null && knows(note.etag)) return note;
      if (settled === null) return undefined;
      if (!settled.ok) throw settled.error;
      const outcome = settled.value;
      if (outcome.kind === 'image') return knows(outcome.etag) ? withoutBytes(outcome) : outcome;
      // All who waited held it already; one who does not has to fly again.
      return knows(outcome.etag) ? outcome : undefined;
    },
  };
}

function withoutBytes(image: ServedImage): Unchanged {
  const { etag, source, freshness, snapshotSha256, renderKey, caching } = image;
  return { kind: 'not_modified', etag, source, freshness, snapshotSha256, renderKey, caching };
}
