import { AppError } from '../../errors.ts';
import { strongTag } from '../../http/entity-tag.ts';
import type { Assessment, ObjectFacts, ServableFreshness } from '../assess-freshness.ts';
import type { ChartSource } from '../chart-source.repository.ts';
import type { ChartRow, Examination, Found, Unread } from '../examine-image.ts';
import type { RenderReason } from '../ledger/shown-render.repository.ts';
import type { Picture } from '../picture.ts';
import { nothingToDraw, unusableBars } from '../refusals.ts';

/** What the answer says of itself; all of it goes into headers. */
export interface ImageFacts {
  /** Quoted; weak (`W/`) when the bytes were drawn but could not be stored. */
  readonly etag: string;
  readonly source: 'edge' | 'store' | 'rendered' | 'stale';
  readonly freshness: ServableFreshness | 'regenerated' | 'stale';
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

/** What is to be drawn, and what to show when that fails. */
export interface Redraw {
  readonly source: ChartSource;
  readonly picture: Picture;
  readonly reason: RenderReason;
  readonly older: Found | null;
  /** False: the store has just failed. */
  readonly useStore: boolean;
}

/** What becomes of an examined image. */
export type Decision =
  | {
      readonly kind: 'serve';
      readonly image: ServedImage & { readonly freshness: ServableFreshness };
      /** Under which name the edge keeps the bytes. */
      readonly contentKey: string;
    }
  | { readonly kind: 'redraw'; readonly redraw: Redraw }
  | { readonly kind: 'refuse'; readonly error: unknown };

/**
 * What lies there is served unless it is missing or stale, or nothing is known of it and the
 * configuration wants such images drawn anew. Without usable bars there is nothing to draw, and
 * what cannot be served is refused.
 */
export function decideOutcome(
  examined: Examination | Unread,
  unverifiedObjects: 'serve' | 'regenerate',
): Decision {
  if (examined.kind === 'unread') return withoutStore(examined);
  const { row, found, assessment } = examined;
  const { source, picture } = row;
  const { freshness, detail } = assessment;
  const drawAnew = (reason: RenderReason['reason']): Decision =>
    picture === null
      ? { kind: 'refuse', error: cannotDraw(row, assessment) }
      : {
          kind: 'redraw',
          redraw: { source, picture, reason: { reason, detail }, older: found, useStore: true },
        };
  if (found === null || freshness === 'missing') return drawAnew('missing');
  if (freshness === 'stale') return drawAnew('stale');
  const isUnwanted = freshness === 'unverified' && unverifiedObjects === 'regenerate';
  if (isUnwanted && picture !== null) return drawAnew('unverified');
  const isVerified = freshness === 'verified' && picture !== null;
  return {
    kind: 'serve',
    image: {
      kind: 'image',
      ...(isVerified ? verified(picture) : asFound(found.facts, picture, freshness)),
      bytes: found.object.bytes,
      contentType: contentTypeOf(found.facts),
      source: 'store',
      caching: 'shared',
    },
    contentKey: isVerified ? picture.renderKey : found.facts.sha256,
  };
}

/** Drawn and written nowhere. Too busy to read is too busy to draw. */
function withoutStore({ row: { source, picture }, error }: Unread): Decision {
  const isBusy = error instanceof AppError && error.code === 'busy';
  if (picture === null || isBusy) return { kind: 'refuse', error };
  const reason = { reason: 'missing', detail: 'the object store could not be asked' } as const;
  return { kind: 'redraw', redraw: { source, picture, reason, older: null, useStore: false } };
}

function cannotDraw({ source, state }: ChartRow, { detail }: Assessment): AppError {
  if (state.kind === 'unusable') return unusableBars(state.error);
  return nothingToDraw(source.id, detail);
}

/** The picture itself, as the ledger knows it. */
export function verified(picture: Pick<Picture, 'renderKey' | 'snapshotSha256'>) {
  const { renderKey, snapshotSha256 } = picture;
  return { etag: strongTag(renderKey), freshness: 'verified', snapshotSha256, renderKey } as const;
}

/** An image of somebody else's: its ETag comes from its bytes. */
function asFound(facts: ObjectFacts, picture: Picture | null, freshness: ServableFreshness) {
  const isAttached = freshness === 'attached';
  return {
    etag: bytesEtag(facts),
    freshness: isAttached ? freshness : 'unverified',
    // The hash that the image is known to show; an unverified one is known to show nothing.
    snapshotSha256: isAttached ? (picture?.snapshotSha256 ?? null) : null,
    renderKey: picture?.renderKey ?? null,
  } as const;
}

/** Better an older picture that says so than none; null when what lies there is no picture. */
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

/** The client holds this very picture: nothing is read and nothing is drawn. */
export function unchanged(picture: Picture): Unchanged {
  return { kind: 'not_modified', ...verified(picture), source: 'edge', caching: 'shared' };
}

/** The answer of before for who did not wait for it: what was drawn and stored is verified now. */
export function askedAgain(outcome: ImageOutcome): ImageOutcome {
  if (outcome.freshness !== 'regenerated' || outcome.caching !== 'shared') return outcome;
  return { ...outcome, freshness: 'verified', source: 'store' };
}

/** The same answer for who holds its bytes already. */
export function withoutBytes(image: ServedImage): Unchanged {
  const { etag, source, freshness, snapshotSha256, renderKey, caching } = image;
  return { kind: 'not_modified', etag, source, freshness, snapshotSha256, renderKey, caching };
}

/** By content, never by what the store declares. */
function contentTypeOf(facts: ObjectFacts): string {
  return facts.inspection.kind === 'jpeg' ? 'image/jpeg' : 'image/png';
}

function bytesEtag(facts: ObjectFacts): string {
  return strongTag(facts.sha256.slice(0, 32));
}

/** `name`: the artifact's id or the render key, for the file's name. */
export function imageHeaders(
  facts: ImageFacts & { readonly contentType?: string },
  name: number | string,
  request: { version: string | undefined; isPrivate: boolean },
): Headers {
  const headers = new Headers({
    etag: facts.etag,
    'cache-control': cacheControl(facts, request),
    'x-chart-source': facts.source,
    'x-chart-freshness': facts.freshness,
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'",
    'accept-ranges': 'bytes',
  });
  if (facts.snapshotSha256 !== null) headers.set('x-chart-snapshot', facts.snapshotSha256);
  if (facts.contentType !== undefined) {
    const extension = facts.contentType === 'image/jpeg' ? 'jpg' : 'png';
    headers.set('content-type', facts.contentType);
    headers.set('content-disposition', `inline; filename="chart-${name}.${extension}"`);
  }
  return headers;
}

function cacheControl(
  { caching, etag, renderKey }: ImageFacts,
  { version, isPrivate }: { version: string | undefined; isPrivate: boolean },
): string {
  const audience = isPrivate ? 'private' : 'public';
  if (caching === 'revalidate') return `${audience}, no-cache`;
  if (caching === 'brief') return 'private, max-age=10';
  // `v` must name these bytes: an attached or unverified image keeps its URL when its bytes change.
  if (version !== undefined && version === renderKey && etag === strongTag(renderKey)) {
    return `${audience}, max-age=31536000, immutable`;
  }
  return `${audience}, max-age=3600`;
}
