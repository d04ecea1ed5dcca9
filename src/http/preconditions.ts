import { entityTagsOf, isAnyTag, strongTag, type EntityTag } from './entity-tag.ts';

/**
 * RFC 9110 section 13.1 for what lives in one row. Its ETag is `"<version>.<body>"`: the version is
 * a hash of the row, made by the database, the second part is one of the body, in which lineage may
 * change while the row stays.
 */
export interface RowPreconditions {
  /**
   * `If-Match`: the row must be one of these versions. Null: none was asked for, or `*`, which any
   * row fulfils.
   */
  readonly ifVersions: readonly string[] | null;
  /** `If-None-Match` of a write: the row must be none of these versions. */
  readonly unlessVersions: readonly string[] | 'any' | null;
}

const ROW_TAG = /^"([0-9a-f]{32})\.[0-9a-f]{16}"$/;

/**
 * `If-Match` (13.1.1) with the strong comparison (8.8.3.2): a weak tag on either side matches
 * nothing. Tags of one row match by its version.
 */
export function ifMatchHolds(header: string | undefined, etag: string): boolean {
  if (header === undefined || isAnyTag(header)) return true;
  const [own] = entityTagsOf(etag);
  if (own === undefined || own.isWeak) return false;
  const version = versionOf(own);
  return entityTagsOf(header).some(
    (tag) =>
      !tag.isWeak &&
      (tag.opaque === own.opaque || (version !== null && versionOf(tag) === version)),
  );
}

/**
 * `If-None-Match` (13.1.2) names this ETag, by the weak comparison (8.8.3.2), as GET and HEAD want
 * it.
 */
export function ifNoneMatchHolds(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  if (isAnyTag(header)) return true;
  const [own] = entityTagsOf(etag);
  return entityTagsOf(header).some(({ opaque }) => opaque === own?.opaque);
}

/**
 * What a write must find in the row. `If-Match` goes before `If-None-Match` (13.2.2); both must
 * hold.
 */
export function rowPreconditions(
  ifMatch: string | undefined,
  ifNoneMatch: string | undefined,
): RowPreconditions {
  return { ifVersions: wantedBy(ifMatch), unlessVersions: unwantedBy(ifNoneMatch) };
}

export function rowEtag(version: string, bodyHash: string): string {
  return strongTag(`${version}.${bodyHash}`);
}

function wantedBy(ifMatch: string | undefined): RowPreconditions['ifVersions'] {
  if (ifMatch === undefined || isAnyTag(ifMatch)) return null;
  return versionsOf(entityTagsOf(ifMatch).filter(({ isWeak }) => !isWeak));
}

function unwantedBy(ifNoneMatch: string | undefined): RowPreconditions['unlessVersions'] {
  if (ifNoneMatch === undefined) return null;
  return isAnyTag(ifNoneMatch) ? 'any' : versionsOf(entityTagsOf(ifNoneMatch));
}

function versionsOf(tags: readonly EntityTag[]): string[] {
  return tags.flatMap((tag) => versionOf(tag) ?? []);
}

function versionOf({ opaque }: EntityTag): string | null {
  return ROW_TAG.exec(opaque)?.[1] ?? null;
}
