import type { ObjectRef } from '../storage/object-store.ts';
import type { CheckedFile } from './check-file.ts';

/**
 * One vocabulary, here, in `/verify` and in `X-Chart-Freshness` (which adds `regenerated`: drawn
 * for this very request). What is servable may be handed out as it lies there.
 */
export const SERVABLE_FRESHNESS = ['verified', 'attached', 'unverified'] as const;
export type ServableFreshness = (typeof SERVABLE_FRESHNESS)[number];
export const FRESHNESS = [...SERVABLE_FRESHNESS, 'stale', 'missing'] as const;
export type Freshness = (typeof FRESHNESS)[number];

export const FRESHNESS_REASONS = [
  'no_object',
  'damaged',
  'no_bars',
  'bytes_of_the_ledger',
  'other_bytes_than_the_ledger',
  'hash_of_other_bars',
  'hash_of_these_bars',
  'other_pixels_than_the_label',
  'older_than_bars',
  'too_large_to_check',
  'no_hash',
] as const;
export type FreshnessReason = (typeof FRESHNESS_REASONS)[number];

export interface Assessment {
  readonly freshness: Freshness;
  readonly reason: FreshnessReason;
  /** One sentence for people; it goes into the log and the ledger. */
  readonly detail: string;
}

/** What is known of the object that a row names, and of the row's own bars. */
export interface FreshnessFacts {
  /** Null: nothing lies there, or the row names nothing that may be read; `absence` says which. */
  readonly object: ObjectFacts | null;
  readonly absence: string;
  /** Null when the row's bars are absent or unusable. */
  readonly picture: { readonly snapshotSha256: string } | null;
  /** The row of the ledger that speaks for this object (`ledgerRowFor`). */
  readonly ledger: LedgerFile | null;
  readonly fetchedAt: Date | null;
}

export interface ObjectFacts extends CheckedFile {
  /** Of the whole file. */
  readonly sha256: string;
  readonly lastModified: Date | null;
  /** `x-amz-meta-snapshot-sha256`. */
  readonly metadataSnapshotSha256: string | null;
}

/** The file that was drawn under a render key. */
interface LedgerFile {
  readonly png_sha256: string;
}

/** The object lies where this picture's render belongs. */
export function isOwnPlace(ref: ObjectRef | null, picture: { readonly ref: ObjectRef }): boolean {
  return ref?.bucket === picture.ref.bucket && ref.key === picture.ref.key;
}

/**
 * The row of the ledger that says what the object at `ref` has to be: only that of the picture
 * under whose own render key it lies.
 */
export function ledgerRowFor<Row extends { readonly render_key: string }>(
  ref: ObjectRef | null,
  picture: { readonly ref: ObjectRef; readonly renderKey: string } | null,
  row: Row | null,
): Row | null {
  if (row === null || picture === null || !isOwnPlace(ref, picture)) return null;
  return row.render_key === picture.renderKey ? row : null;
}

/** A file is the one that the ledger says was drawn: every byte of it. */
export function isLedgerFile(row: LedgerFile | null, sha256: string): boolean {
  return row?.png_sha256 === sha256;
}

/**
 * Says what an object is, in this order: missing; stale when it is not an intact image; then by
 * hash; then by age. Without usable bars there is nothing to compare with, so an intact image is
 * unverified. What nobody decoded claims nothing.
 */
export function assessFreshness(facts: FreshnessFacts): Assessment {
  const { object, picture } = facts;
  if (object === null) return { freshness: 'missing', reason: 'no_object', detail: facts.absence };
  if (object.inspection.kind === 'broken') {
    return { freshness: 'stale', reason: 'damaged', detail: object.inspection.reason };
  }
  if (picture === null) {
    const detail =
      object.tooLarge === null
        ? 'the row has no usable bars to compare with'
        : `nobody decoded the image: ${object.tooLarge}`;
    return {
      freshness: 'unverified',
      reason: object.tooLarge === null ? 'no_bars' : 'too_large_to_check',
      detail,
    };
  }

  if (facts.ledger !== null) {
    if (isLedgerFile(facts.ledger, object.sha256)) {
      const detail = 'the bytes are those that were drawn from these bars';
      return { freshness: 'verified', reason: 'bytes_of_the_ledger', detail };
    }
    // Whoever put other bytes under a render key can also claim its hash; the ledger knows better.
    const detail = 'the object under the render key is not the one that was drawn';
    return { freshness: 'stale', reason: 'other_bytes_than_the_ledger', detail };
  }

  const claims = [
    object.metadataSnapshotSha256,
    object.inspection.provenance?.snapshot_sha256 ?? null,
  ].filter((claim) => claim !== null);
  // Metadata is set by whoever uploads, the chunk by whoever drew: when the two disagree, one of
  // them says "other bars".
  if (claims.some((claim) => claim !== picture.snapshotSha256)) {
    return {
      freshness: 'stale',
      reason: 'hash_of_other_bars',
      detail: 'the image carries the hash of other bars',
    };
  }
  // A label of ours names the pixels that were drawn: over others it claims nothing but that
  // somebody painted.
  const { provenance } = object.inspection;
  if (
    provenance !== null &&
    object.tooLarge === null &&
    provenance.pixel_sha256 !== object.pixelSha256
  ) {
    const detail = 'the pixels of the image are not those that its label names';
    return { freshness: 'stale', reason: 'other_pixels_than_the_label', detail };
  }
  if (claims.length > 0 && object.tooLarge === null) {
    const detail =
      provenance === null
        ? 'the metadata of the object claims the hash of these bars'
        : 'the label of the image claims the hash of these bars';
    return { freshness: 'attached', reason: 'hash_of_these_bars', detail };
  }

  const { lastModified } = object;
  if (lastModified !== null && facts.fetchedAt !== null && isOlder(lastModified, facts.fetchedAt)) {
    const [stored, fetched] = [lastModified.toISOString(), facts.fetchedAt.toISOString()];
    const detail = `the image (${stored}) is older than its bars (${fetched})`;
    return { freshness: 'stale', reason: 'older_than_bars', detail };
  }
  if (object.tooLarge !== null) {
    const detail = `nobody decoded the image: ${object.tooLarge}`;
    return { freshness: 'unverified', reason: 'too_large_to_check', detail };
  }
  const detail = 'the image carries no hash and is not older than its bars';
  return { freshness: 'unverified', reason: 'no_hash', detail };
}

/**
 * `Last-Modified` has whole seconds: an upload within the second of `fetchedAt` may have come after
 * it.
 */
function isOlder(lastModified: Date, fetchedAt: Date): boolean {
  return lastModified.getTime() + 1000 <= fetchedAt.getTime();
}
