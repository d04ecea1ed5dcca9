import type { EdgeCache } from '../../storage/edge-cache.ts';
import type { MemoryCache } from '../../storage/memory-cache.ts';
import { SERVABLE_FRESHNESS, type ServableFreshness } from '../assess-freshness.ts';
import type { ImageFacts, ServedImage, Unchanged } from './image-outcome.ts';

/**
 * What an artifact showed a few seconds ago: enough to answer from the edge, or to say 304, without
 * the database.
 */
export interface Pointer extends Pick<ImageFacts, 'etag' | 'snapshotSha256' | 'renderKey'> {
  /** Key of the bytes in the edge's content cache. */
  readonly contentKey: string;
  readonly freshness: ServableFreshness;
}

export const POINTER_MEMORY_TTL_MS = 5_000;
const POINTER_EDGE_TTL_MS = 10_000;
/** An answer has so long a lead over the cache that takes its bytes. */
const FILL_AFTER_MS = 2;

/**
 * When the row was read that an answer was made from, and whether it is still so: a write may come
 * while the answer is being put away.
 */
export interface RowAge {
  readonly readAt: number;
  readonly isCurrent: () => boolean;
}

export interface PointerCache {
  /** In this isolate's memory, without waiting. */
  near(artifactId: number): Pointer | null;
  get(artifactId: number): Promise<Pointer | null>;
  /**
   * Never for longer than ten seconds after its row was read (`ageMs` ago); not at all when a write
   * came meanwhile.
   */
  put(
    artifactId: number,
    pointer: Pointer,
    age: { readonly ageMs: number; readonly isCurrent: () => boolean },
  ): Promise<void>;
  /** Forgets in this isolate and this colo; others forget by themselves within fifteen seconds. */
  drop(artifactId: number): Promise<void>;
}

const nameOf = (artifactId: number) => `artifact-${artifactId}`;

/** Pointers in two tiers: the isolate's memory, then the colo's cache. */
export function createPointerCache(memory: MemoryCache<Pointer>, edge: EdgeCache): PointerCache {
  let drops = 0;

  async function drop(artifactId: number): Promise<void> {
    drops += 1;
    memory.delete(nameOf(artifactId));
    await edge.deletePointer(nameOf(artifactId));
  }

  return {
    near: (artifactId) => memory.get(nameOf(artifactId)) ?? null,

    async get(artifactId) {
      const name = nameOf(artifactId);
      const near = memory.get(name);
      if (near !== undefined) return near;
      const before = drops;
      const far = await edge.getPointer(name);
      if (!isPointer(far)) return null;
      // What was read before a write is not remembered after it.
      if (drops === before) memory.set(name, far);
      return far;
    },

    async put(artifactId, pointer, { ageMs, isCurrent }) {
      const leftMs = POINTER_EDGE_TTL_MS - ageMs;
      if (leftMs < 1_000 || !isCurrent()) return;
      memory.set(nameOf(artifactId), pointer, leftMs);
      await edge.putPointer(nameOf(artifactId), pointer, Math.floor(leftMs / 1_000));
      // The colo's cache may have taken it after the write told it to forget.
      if (!isCurrent()) await drop(artifactId);
    },

    drop,
  };
}

/** An older version of the Worker may have written what lies in the cache. */
function isPointer(value: unknown): value is Pointer {
  if (typeof value !== 'object' || value === null) return false;
  const { etag, contentKey, freshness, snapshotSha256, renderKey } = value as Record<
    string,
    unknown
  >;
  return (
    typeof etag === 'string' &&
    typeof contentKey === 'string' &&
    SERVABLE_FRESHNESS.some((known) => known === freshness) &&
    (snapshotSha256 === null || typeof snapshotSha256 === 'string') &&
    (renderKey === null || typeof renderKey === 'string')
  );
}

/** What is remembered of an answer. */
export function pointerOf(facts: Omit<Pointer, 'contentKey'>, contentKey: string): Pointer {
  const { etag, freshness, snapshotSha256, renderKey } = facts;
  return { etag, contentKey, freshness, snapshotSha256, renderKey };
}

/** What a pointer alone can say. */
export function unchangedSince(pointer: Pointer): Unchanged {
  return { kind: 'not_modified', ...pointer, source: 'edge', caching: 'shared' };
}

export interface EdgeDependencies {
  readonly edge: EdgeCache;
  readonly pointers: PointerCache;
  /** Milliseconds. */
  readonly now: () => number;
}

/** The bytes that a pointer names; null when the colo has let go of them. */
export async function fromEdge(
  deps: EdgeDependencies,
  pointer: Pointer,
): Promise<ServedImage | null> {
  const image = await deps.edge.getImage(pointer.contentKey);
  return image === null ? null : { ...unchangedSince(pointer), kind: 'image', ...image };
}

/**
 * Not before the answer is on its way: a cache that takes the bytes at the same time holds up those
 * of the answer.
 */
export async function fillEdge(
  deps: EdgeDependencies,
  artifactId: number,
  pointer: Pointer,
  image: { readonly bytes: Uint8Array<ArrayBuffer>; readonly contentType: string },
  age: RowAge,
): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, FILL_AFTER_MS));
  const { bytes, contentType } = image;
  await deps.edge.putImage(pointer.contentKey, { bytes, contentType });
  await remember(deps, artifactId, pointer, age);
}

/** What a row said before it was changed is not remembered after. */
export function remember(
  deps: EdgeDependencies,
  artifactId: number,
  pointer: Pointer,
  { readAt, isCurrent }: RowAge,
): Promise<void> {
  return deps.pointers.put(artifactId, pointer, { ageMs: deps.now() - readAt, isCurrent });
}
