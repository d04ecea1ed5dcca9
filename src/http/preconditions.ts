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

interface EntityTag {
  readonly isWeak: boolean;
  /** With its quotes. */
  readonly opaque: string;
}

const ROW_TAG = /^"([0-9a-f]{32})\.[0-9a-f]{16}"$/;
/** An opaque tag is quoted and may hold commas, so the list cannot simply be split. */
const TAG = /(W\/)?("[^"]*")/g;

/**
 * Strong comparison (8.8.3.2): a weak tag on either side matches nothing. `*` matches whatever
 * exists.
 */
export function ifMatchHolds(header: string | undefined, etag: string): boolean {
  if (header === undefined || header.trim() === '*') return true;
  if (etag.startsWith('W/')) return false;
  const version = versionOf(etag);
  return tagsOf(header).some(
    ({ isWeak, opaque }) =>
      !isWeak && (opaque === etag || (version !== null && versionOf(opaque) === version)),
  );
}

/**
 * What a write must find in the row. `If-Match` goes before `If-None-Match` (13.2.2); both must
 * hold.
 */
export function rowPreconditions(
  ifMatch: string | undefined,
  ifNoneMatch: string | undefined,
): RowPreconditions {
  const strong = ({ isWeak }: EntityTag) => !isWeak;
  return {
    ifVersions:
      ifMatch === undefined || ifMatch.trim() === '*'
        ? null
        : versionsOf(tagsOf(ifMatch).filter(strong)),
    unlessVersions:
      ifNoneMatch === undefined
        ? null
        : ifNoneMatch.trim() === '*'
          ? 'any'
          : versionsOf(tagsOf(ifNoneMatch)),
  };
}

export function rowEtag(version: string, bodyHash: string): string {
  return `"${version}.${bodyHash}"`;
}

function tagsOf(header: string): EntityTag[] {
  return [...header.matchAll(TAG)].map(([, weak, opaque = '']) => ({
    isWeak: weak !== undefined,
    opaque,
  }));
}

function versionsOf(tags: readonly EntityTag[]): string[] {
  return tags.flatMap(({ opaque }) => versionOf(opaque) ?? []);
}

function versionOf(tag: string): string | null {
  return ROW_TAG.exec(tag)?.[1] ?? null;
}
