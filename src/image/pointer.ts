import type { EdgeCache } from '../storage/edge-cache.ts';
import type { MemoryCache } from '../storage/memory-cache.ts';

/**
 * What an artifact showed a few seconds ago: enough to answer from the edge, or to say 304, without
 * the database.
 */
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
const POINTER_EDGE_TTL_MS = 10_000;

/**
 * How old what a pointer says is already, and whether it is still so: a write may come while it is
 * being put away.
 */
export interface PointerAge {
  readonly ageMs: number;
  readonly isCurrent: () => boolean;
}

export interface PointerCache {
  /** In this isolate's memory, without waiting. */
  near(artifactId: number): Pointer | null;
  get(artifactId: number): Promise<Pointer | null>;
  /**
   * Never for longer than ten seconds after its row was read; not at all when a write came
   * meanwhile.
   */
  put(artifactId: number, pointer: Pointer, age: PointerAge): Promise<void>;
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
    ['verified', 'attached', 'unverified'].includes(String(freshness)) &&
    (snapshotSha256 === null || typeof snapshotSha256 === 'string') &&
    (renderKey === null || typeof renderKey === 'string')
  );
}
