import type { ArtifactListRepository } from './list.repository.ts';
import type { ArtifactListQuery } from './list.schema.ts';
import type { ArtifactRecord } from '../lineage/derive-lineage.ts';
import { cursorScope, readCursor, writeCursor } from './page-cursor.ts';

export interface ListedArtifacts {
  readonly records: ArtifactRecord[];
  readonly total: number;
  readonly nextCursor: string | null;
}

/**
 * A stored series may be some hundred kilobytes, so a page with bars ends earlier than its limit.
 */
const PAGE_WITH_BARS_MAX = 100;

/**
 * One page of artifacts. Throws `invalid_input` that names `cursor` when that belongs to another
 * list.
 */
export async function listArtifacts(
  list: ArtifactListRepository,
  query: ArtifactListQuery,
): Promise<ListedArtifacts> {
  const { sort, limit: wanted, cursor, include, group_by: _, ...filter } = query;
  const includeBars = include === 'bars';
  const limit = includeBars ? Math.min(wanted, PAGE_WITH_BARS_MAX) : wanted;
  const scope = cursorScope('artifacts', sort, filter);
  const after = cursor === undefined ? null : await readCursor(scope, cursor);
  const page = await list.page({ filter, sort, limit, after, includeBars });
  const nextCursor = page.next === null ? null : await writeCursor(scope, page.next);
  return { records: page.records, total: page.total, nextCursor };
}
