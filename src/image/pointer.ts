import type { EdgeCache } from '../storage/edge-cache.ts';
import type { MemoryCache } from '../storage/memory-cache.ts';

/** What an artifact showed a few seconds ago: enough to answer from the edge, or to say 304, without the database. */
export interface Pointer {
  readonly etag: string;
  /** Key of the bytes in the edge's content cache. */
  readonly contentKey: string;
  readonly freshness: 'verified' | 'attached' | 'unverified';
  readonly snapshotSha256: string | null;
  /** The picture's current render key, null when the row has no usable bars. */
  readonly renderKey: string | null;
}

export const POINTER_MEMORY_TTL_MS = 5_000;
const POINTER_EDGE_TTL_SECONDS = 10;

export interface PointerCache {
  get(artifactId: number): Promise<Pointer | null>;
  put(artifactId: number, pointer: Pointer): Promise<void>;
  /** Forgets in this isolate and this colo; others forget by themselves within ten seconds. */
  drop(artifactId: number): Promise<void>;
}

const nameOf = (artifactId: number) => `artifact-${artifactId}`;

/** Pointers in two tiers: the isolate's memory, then the colo's cache. */
export function createPointerCache(memory: MemoryCache<Pointer>, edge: EdgeCache): PointerCache {
  return {
    async get(artifactId) {
      const name = nameOf(artifactId);
      const near = memory.get(name);
      if (near !== undefined) return near;
      const far = await edge.getPointer(name);
      if (!isPointer(far)) return null;
      memory.set(name, far);
      return far;
    },
    async put(artifactId, pointer) {
      memory.set(nameOf(artifactId), pointer);
      await edge.putPointer(nameOf(artifactId), pointer, POINTER_EDGE_TTL_SECONDS);
    },
    async drop(artifactId) {
      memory.delete(nameOf(artifactId));
      await edge.deletePointer(nameOf(artifactId));
    },
  };
}

/** An older version of the Worker may have written what lies in the cache. */
function isPointer(value: unknown): value is Pointer {
  if (typeof value !== 'object' || value === null) return false;
  const { etag, contentKey, freshness, snapshotSha256, renderKey } = value as Record<string, unknown>;
  return (
    typeof etag === 'string' &&
    typeof contentKey === 'string' &&
    ['verified', 'attached', 'unverified'].includes(String(freshness)) &&
    (snapshotSha256 === null || typeof snapshotSha256 === 'string') &&
    (renderKey === null || typeof renderKey === 'string')
  );
}
