import type { EdgeCache } from '../storage/edge-cache.ts';
import type { ImageFlight } from './image-flight.ts';
import { verified, type ServedImage, type Unchanged } from './image-outcome.ts';
import type { Picture } from './picture.ts';
import type { Pointer, PointerCache } from './pointer.ts';

export interface EdgeDependencies {
  readonly edge: EdgeCache;
  readonly pointers: PointerCache;
  /** Milliseconds. */
  readonly now: () => number;
}

/** Once an artifact's row is being read: when, and how to let the next one read. */
export interface Reading {
  readonly flight: ImageFlight;
  readonly readAt: number;
  readonly release: () => void;
}

const FILL_AFTER_MS = 2;

export function unchangedSince(pointer: Pointer): Unchanged {
  return { kind: 'not_modified', ...pointer, source: 'edge', caching: 'shared' };
}

export async function fromEdge(
  deps: EdgeDependencies,
  pointer: Pointer,
): Promise<ServedImage | null> {
  const image = await deps.edge.getImage(pointer.contentKey);
  return image === null ? null : { ...unchangedSince(pointer), kind: 'image', ...image };
}

/** The client holds this very picture: nothing is read and nothing is drawn. */
export function unchanged(picture: Picture): Unchanged {
  return { kind: 'not_modified', ...verified(picture), source: 'edge', caching: 'shared' };
}

/**
 * Not before the answer is on its way: a cache that takes the bytes at the same time holds up those
 * of the answer.
 */
export async function fillEdge(
  deps: EdgeDependencies,
  artifactId: number,
  pointer: Pointer,
  image: { bytes: Uint8Array<ArrayBuffer>; contentType: string },
  reading: Reading,
): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, FILL_AFTER_MS));
  const { bytes, contentType } = image;
  await deps.edge.putImage(pointer.contentKey, { bytes, contentType });
  await remember(deps, artifactId, pointer, reading);
}

/** What a row said before it was changed is not remembered after. */
export function remember(
  deps: EdgeDependencies,
  artifactId: number,
  pointer: Pointer,
  { flight, readAt }: Reading,
): Promise<void> {
  const age = { ageMs: deps.now() - readAt, isCurrent: () => !flight.isOutdated };
  return deps.pointers.put(artifactId, pointer, age);
}
