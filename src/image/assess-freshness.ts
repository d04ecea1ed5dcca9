import type { ImageInspection } from '../chart/inspect-image.ts';

/** What is known of the object that a row names, and of the row's own bars. */
export interface FreshnessFacts {
  /** Null: nothing lies there, or the row names nothing that may be read; `absence` says which. */
  readonly object: ObjectFacts | null;
  readonly absence: string;
  /** Null when the row's bars are absent or unusable. */
  readonly picture: { readonly snapshotSha256: string; readonly renderKey: string } | null;
  /** The object lies where this picture's render belongs. */
  readonly underRenderKey: boolean;
  /** SHA-256 of the bytes that the ledger says were drawn under this render key. */
  readonly ledgerSha256: string | null;
  readonly fetchedAt: Date | null;
}

export interface ObjectFacts {
  readonly inspection: ImageInspection;
  readonly sha256: string;
  readonly lastModified: Date | null;
  /** `x-amz-meta-snapshot-sha256`. */
  readonly metadataSnapshotSha256: string | null;
}

export type Freshness = 'rendered' | 'attached' | 'unverified' | 'stale' | 'missing';

export interface Assessment {
  readonly freshness: Freshness;
  /** One sentence for people; it goes into the log and the ledger. */
  readonly reason: string;
}

/**
 * Says what an object is, in this order: missing; stale when it is not an intact image; then by hash; then by age.
 * Without usable bars there is nothing to compare with, so an intact image is unverified.
 */
export function assessFreshness(facts: FreshnessFacts): Assessment {
  const { object, picture } = facts;
  if (object === null) return { freshness: 'missing', reason: facts.absence };
  if (object.inspection.kind === 'broken') return { freshness: 'stale', reason: object.inspection.reason };
  if (picture === null)
    return { freshness: 'unverified', reason: 'the row has no usable bars to compare with' };

  if (facts.underRenderKey && facts.ledgerSha256 !== null) {
    if (facts.ledgerSha256 === object.sha256) {
      return { freshness: 'rendered', reason: 'the bytes are those that were drawn from these bars' };
    }
    // Whoever put other bytes under a render key can also claim its hash; the ledger knows better.
    return { freshness: 'stale', reason: 'the object under the render key is not the one that was drawn' };
  }

  const claims = [
    object.metadataSnapshotSha256,
    object.inspection.provenance?.snapshot_sha256 ?? null,
  ].filter((claim) => claim !== null);
  // Metadata is set by whoever uploads, the chunk by whoever drew: when the two disagree, one of them says "other bars".
  if (claims.some((claim) => claim !== picture.snapshotSha256)) {
    return { freshness: 'stale', reason: 'the image carries the hash of other bars' };
  }
  if (claims.length > 0) return { freshness: 'attached', reason: 'the image carries the hash of these bars' };

  const { lastModified } = object;
  if (lastModified !== null && facts.fetchedAt !== null && isOlder(lastModified, facts.fetchedAt)) {
    return {
      freshness: 'stale',
      reason: `the image (${lastModified.toISOString()}) is older than its bars (${facts.fetchedAt.toISOString()})`,
    };
  }
  return { freshness: 'unverified', reason: 'the image carries no hash and is not older than its bars' };
}

/** `Last-Modified` has whole seconds: an upload within the second of `fetchedAt` may have come after it. */
function isOlder(lastModified: Date, fetchedAt: Date): boolean {
  return lastModified.getTime() + 1000 <= fetchedAt.getTime();
}
