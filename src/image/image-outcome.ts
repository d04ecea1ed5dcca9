import type { StoredObject } from '../storage/object-store.ts';
import type { Assessment, ObjectFacts } from './assess-freshness.ts';
import type { Picture } from './picture.ts';
import type { Pointer } from './pointer.ts';

/** What the answer says of itself; all of it goes into headers. */
export interface ImageFacts {
  /** Quoted; weak (`W/`) when the bytes were drawn but could not be stored. */
  readonly etag: string;
  readonly source: 'edge' | 'store' | 'rendered' | 'stale';
  readonly freshness: 'verified' | 'attached' | 'unverified' | 'regenerated' | 'stale';
  readonly snapshotSha256: string | null;
  readonly renderKey: string | null;
  /** How long others may keep it: as usual, not without asking, or briefly and privately. */
  readonly caching: 'shared' | 'revalidate' | 'brief';
}

export type ImageOutcome =
  | (ImageFacts & {
      readonly kind: 'image';
      readonly bytes: Uint8Array<ArrayBuffer>;
      readonly contentType: string;
    })
  | (ImageFacts & { readonly kind: 'not_modified' });

export type ServedImage = ImageOutcome & { readonly kind: 'image' };
export type Unchanged = ImageOutcome & { readonly kind: 'not_modified' };

/** An object that was read, and what was found out about it. */
export interface Found {
  readonly object: StoredObject;
  readonly facts: ObjectFacts;
}

/** Better an older picture that says so than none. */
export function olderImage({ object, facts }: Found, picture: Picture): ServedImage | null {
  if (facts.inspection.kind === 'broken') return null;
  return {
    kind: 'image',
    bytes: object.bytes,
    contentType: contentTypeOf(facts),
    etag: bytesEtag(facts),
    source: 'stale',
    freshness: 'stale',
    snapshotSha256:
      facts.metadataSnapshotSha256 ?? facts.inspection.provenance?.snapshot_sha256 ?? null,
    renderKey: picture.renderKey,
    caching: 'revalidate',
  };
}

/** The picture itself, as the ledger knows it. */
export function verified(picture: Picture) {
  const { renderKey, snapshotSha256 } = picture;
  return { etag: quoted(renderKey), freshness: 'verified', snapshotSha256, renderKey } as const;
}

/** An image of somebody else's: its ETag comes from its bytes. */
export function asFound(found: Found, picture: Picture | null, assessment: Assessment) {
  const freshness = assessment.freshness === 'attached' ? 'attached' : 'unverified';
  return {
    etag: bytesEtag(found.facts),
    freshness,
    // The hash that the image is known to show; an unverified one is known to show nothing.
    snapshotSha256: freshness === 'attached' ? (picture?.snapshotSha256 ?? null) : null,
    renderKey: picture?.renderKey ?? null,
  } as const;
}

/** What is remembered of an answer. */
export function pointerOf(
  facts: Pick<Pointer, 'etag' | 'freshness' | 'snapshotSha256' | 'renderKey'>,
  contentKey: string,
): Pointer {
  const { etag, freshness, snapshotSha256, renderKey } = facts;
  return { etag, contentKey, freshness, snapshotSha256, renderKey };
}

/** By content, never by what the store declares. */
export function contentTypeOf(facts: ObjectFacts): string {
  return facts.inspection.kind === 'jpeg' ? 'image/jpeg' : 'image/png';
}

function bytesEtag(facts: ObjectFacts): string {
  return quoted(facts.sha256.slice(0, 32));
}

/** An opaque tag as RFC 9110 writes it. */
export function quoted(tag: string): string {
  return `"${tag}"`;
}
