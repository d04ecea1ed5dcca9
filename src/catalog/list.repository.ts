import { and, asc, count, desc, inArray, sql, type SQL } from 'drizzle-orm';
import type { PgColumn } from 'drizzle-orm/pg-core';
import { artifactTable } from '../artifact/artifact.table.ts';
import type { ArtifactRecord } from '../lineage/derive-lineage.ts';
import { lineageLookupTable, lookupOfArtifact } from '../lineage/lineage-lookup.table.ts';
import type { LineageKnowledge } from '../lineage/lineage-status.ts';
import { withOrWithoutLookups } from '../lineage/with-or-without-lookups.ts';
import { guarded } from '../storage/database-errors.ts';
import type { Database } from '../storage/database.ts';
import { matchingWhere, matchingNeedsLookup } from './filter.repository.ts';
import type { ArtifactFilter } from './filter.schema.ts';
import type { ArtifactSort } from './list.schema.ts';
import { listedColumns } from './listed-columns.repository.ts';
import { blamingCursor, type PagePosition } from './page-cursor.ts';

export interface ArtifactPageRequest {
  readonly filter: ArtifactFilter;
  readonly sort: ArtifactSort;
  readonly limit: number;
  readonly after: PagePosition | null;
  readonly includeBars: boolean;
}

export interface ArtifactPage {
  readonly records: ArtifactRecord[];
  /** Everything that matches, on this page or not. */
  readonly total: number;
  /** Where the next page begins; null at the end. */
  readonly next: PagePosition | null;
}

export interface ArtifactListRepository {
  /**
   * One statement for the page and one for the count, in one request; of a search the count comes
   * second, when it is still needed. Throws `invalid_input` for a forged position.
   */
  page(request: ArtifactPageRequest): Promise<ArtifactPage>;
}

/** `isMlflowConfigured`: whether there is a MLflow to ask, on which `lineage.status` depends. */
export function createArtifactListRepository(
  database: Database,
  { isMlflowConfigured }: { readonly isMlflowConfigured: boolean },
): ArtifactListRepository {
  const read = async (request: ArtifactPageRequest, hasLookups: boolean): Promise<ArtifactPage> => {
    const knowledge = { isMlflowConfigured, hasLookups };
    const { limit, includeBars, filter } = request;
    const order = orderOf(request.sort);
    const row = listedColumns(includeBars);
    // The page is chosen by its ids alone: rows are wide, and only those of the page are read
    // whole.
    const isOnPage = inArray(artifactTable.id, pageOfIds(request, order, knowledge));
    const page = hasLookups
      ? database
          .select({ row, lookup: lineageLookupTable })
          .from(artifactTable)
          .leftJoin(lineageLookupTable, lookupOfArtifact)
          .where(isOnPage)
          .orderBy(...order.by)
      : database
          .select({ row, lookup: sql<null>`null` })
          .from(artifactTable)
          .where(isOnPage)
          .orderBy(...order.by);
    const counted = countOf(filter, knowledge);
    if (filter.q === undefined || filter.q === '') {
      const [found, [count]] = await database.batch([page, counted]);
      return pageOf(request, found, count?.total ?? 0);
    }
    // Such a search reads the whole table. A first page that is not full has counted everything on
    // its way.
    const found = await page;
    const isAll = request.after === null && found.length <= limit;
    return pageOf(request, found, isAll ? found.length : ((await counted)[0]?.total ?? 0));
  };

  const pageOfIds = (
    { filter, after, limit }: ArtifactPageRequest,
    order: ListOrder,
    knowledge: LineageKnowledge,
  ) => {
    const ids = database.select({ id: artifactTable.id }).from(artifactTable).$dynamic();
    if (matchingNeedsLookup(filter, knowledge)) ids.leftJoin(lineageLookupTable, lookupOfArtifact);
    return ids
      .where(and(matchingWhere(filter, knowledge), after === null ? undefined : order.after(after)))
      .orderBy(...order.by)
      .limit(limit + 1);
  };

  const countOf = (filter: ArtifactFilter, knowledge: LineageKnowledge) => {
    const counted = database.select({ total: count() }).from(artifactTable).$dynamic();
    if (matchingNeedsLookup(filter, knowledge))
      counted.leftJoin(lineageLookupTable, lookupOfArtifact);
    return counted.where(matchingWhere(filter, knowledge));
  };

  return {
    page: (request) =>
      guarded('artifact.list', () =>
        blamingCursor(request.after, () =>
          withOrWithoutLookups((hasLookups) => read(request, hasLookups)),
        ),
      ),
  };
}

type SortColumn = 'created_at' | 'name' | 'symbol' | 'type' | 'id';

interface ListOrder {
  readonly column: SortColumn;
  readonly by: SQL[];
  /**
   * What comes after this row. Compared by the database alone: its collation is not JavaScript's.
   */
  after(position: PagePosition): SQL;
}

/** Ties are broken by id in the same direction, so that one row comparison says what comes next. */
function orderOf(sort: ArtifactSort): ListOrder {
  const isDescending = sort.startsWith('-');
  const column = sort.replace('-', '') as SortColumn;
  const { id } = artifactTable;
  const key: PgColumn = artifactTable[column];
  const direction = isDescending ? desc : asc;
  const beyond = isDescending ? sql`<` : sql`>`;
  const pair = ({ value, id: lastId }: PagePosition) =>
    sql`(${key}, ${id}) ${beyond} (${value}::${sql.raw(key.getSQLType())}, ${lastId}::integer)`;

  if (column === 'id') {
    return {
      column,
      by: [direction(id)],
      after: (last) => sql`${id} ${beyond} ${last.id}::integer`,
    };
  }
  if (key.notNull) return { column, by: [direction(key), direction(id)], after: pair };
  return {
    column,
    by: [sql`${direction(key)} nulls last`, direction(id)],
    after: (last) =>
      last.value === null
        ? sql`(${key} is null and ${id} ${beyond} ${last.id}::integer)`
        : sql`(${pair(last)} or ${key} is null)`,
  };
}

/** `found` is one longer than the page where there is more. */
function pageOf(
  { limit, sort }: ArtifactPageRequest,
  found: ArtifactRecord[],
  total: number,
): ArtifactPage {
  const records = found.slice(0, limit);
  const last = found.length > limit ? records.at(-1)?.row : undefined;
  if (last === undefined) return { records, total, next: null };
  const { column } = orderOf(sort);
  return {
    records,
    total,
    next: { value: column === 'id' ? null : last[column], id: last.id, upToId: null },
  };
}
