import type { Artifact } from '../artifact/artifact.schema.ts';
import type { Hydration } from '../lineage/hydrate.ts';
import type { LinkBases } from './links.ts';
import type { ArtifactListRepository } from './list.repository.ts';
import type { ArtifactListQuery } from './list.schema.ts';
import { cursorScope, readCursor, writeCursor } from './page-cursor.ts';
import { presentArtifact } from './present-artifact.ts';

export interface ListedArtifacts {
  readonly artifacts: Artifact[];
  readonly total: number;
  readonly next_cursor: string | null;
}

/**
 * A stored series may be some hundred kilobytes, so a page with bars ends earlier than its limit.
 */
const PAGE_WITH_BARS_MAX = 100;

/**
 * One page of artifacts with their lineage, looked up together where it is not known. `origin` is
 * the API's own, as the caller reached it. Throws `invalid_input` that names `cursor` when that
 * belongs to another list.
 */
export async function listArtifacts(
  deps: {
    readonly list: ArtifactListRepository;
    readonly hydration: Hydration;
    readonly bases: LinkBases;
  },
  query: ArtifactListQuery,
  origin: string,
): Promise<ListedArtifacts> {
  const { sort, limit: wanted, cursor, include, group_by: _, ...filter } = query;
  const includeBars = include === 'bars';
  const limit = includeBars ? Math.min(wanted, PAGE_WITH_BARS_MAX) : wanted;
  const scope = cursorScope('artifacts', sort, filter);
  const after = cursor === undefined ? null : await readCursor(scope, cursor);
  const page = await deps.list.page({ filter, sort, limit, after, includeBars });
  const hydrated = await deps.hydration.many(page.records);
  return {
    artifacts: hydrated.map((one) => presentArtifact(one, origin, deps.bases)),
    total: page.total,
    next_cursor: page.next === null ? null : await writeCursor(scope, page.next),
  };
}
