import { asc, eq, sql } from 'drizzle-orm';
import { artifactTable } from '../artifact/artifact.table.ts';
import type { ArtifactRecord } from '../lineage/derive-lineage.ts';
import { lineageLookupTable, lookupOfArtifact } from '../lineage/lineage-lookup.table.ts';
import { withOrWithoutLookups } from '../lineage/with-or-without-lookups.ts';
import { guarded } from '../storage/database-errors.ts';
import type { Database } from '../storage/database.ts';
import {
  countSql,
  listedFields,
  listedSql,
  type ArtifactGroupRequest,
  type KindsText,
} from './group-statements.repository.ts';
import { listedColumns } from './listed-columns.repository.ts';
import { blamingCursor, type PagePosition } from './page-cursor.ts';
import { summarizeKinds, type KindsSummary } from './summarize-kinds.ts';

/**
 * The artifacts of one execution, or all that name none; counts, symbols and times are those of the
 * whole group.
 */
export interface ArtifactGroup extends KindsSummary {
  /** Null: unknown. */
  readonly workflowId: string | null;
  /** Null: the one group of artifacts that name no execution. */
  readonly executionId: string | null;
  /** Another workflow has matching artifacts of the same execution_id. */
  readonly isShared: boolean;
  /** Newest first, at most 500. */
  readonly records: readonly ArtifactRecord[];
}

export interface ArtifactGroupPage {
  readonly groups: ArtifactGroup[];
  readonly groupCount: number;
  /** All artifacts that match. */
  readonly total: number;
  readonly next: PagePosition | null;
}

export interface ArtifactGroupRepository {
  /**
   * Sorted by each group's newest matching artifact. One statement for the page, one for the
   * counts, in one request.
   */
  page(request: ArtifactGroupRequest): Promise<ArtifactGroupPage>;
}

/** `isMlflowConfigured`: whether there is a MLflow to ask, on which `lineage.status` depends. */
export function createArtifactGroupRepository(
  database: Database,
  { isMlflowConfigured }: { readonly isMlflowConfigured: boolean },
): ArtifactGroupRepository {
  const read = async (
    request: ArtifactGroupRequest,
    hasLookups: boolean,
  ): Promise<ArtifactGroupPage> => {
    const knowledge = { isMlflowConfigured, hasLookups };
    const listed = database.$with('listed', listedFields).as(listedSql(request, knowledge));
    const row = listedColumns(request.includeBars);
    const of = listedFields;
    const group = {
      ordinal: of.ordinal,
      headId: of.headId,
      headAt: of.headAt,
      upToId: of.upToId,
      workflowId: of.workflowId,
      executionId: of.executionId,
      isShared: of.isShared,
      hasMore: of.hasMore,
      kinds: of.kinds,
    };
    const isListed = eq(artifactTable.id, of.artifactId);
    const page = hasLookups
      ? database
          .with(listed)
          .select({ group, row, lookup: lineageLookupTable })
          .from(listed)
          .innerJoin(artifactTable, isListed)
          .leftJoin(lineageLookupTable, lookupOfArtifact)
          .orderBy(asc(of.ordinal), asc(of.place))
      : database
          .with(listed)
          .select({ group, row, lookup: sql<null>`null` })
          .from(listed)
          .innerJoin(artifactTable, isListed)
          .orderBy(asc(of.ordinal), asc(of.place));
    const [found, counted] = await database.batch([
      page,
      database.execute<{ groups: string; total: string }>(countSql(request, knowledge)),
    ]);
    const heads = new Map<
      number,
      { head: (typeof found)[number]['group']; records: ArtifactRecord[] }
    >();
    for (const { group: head, row, lookup } of found) {
      const known = heads.get(head.ordinal);
      if (known === undefined) heads.set(head.ordinal, { head, records: [{ row, lookup }] });
      else known.records.push({ row, lookup });
    }
    const groups = [...heads.values()];
    const last = groups.at(-1)?.head;
    const [counts] = counted.rows;
    return {
      groups: groups.map(({ head, records }) => toGroup(head, records)),
      groupCount: Number(counts?.groups ?? 0),
      total: Number(counts?.total ?? 0),
      next:
        last?.hasMore !== true
          ? null
          : { value: last.headAt, id: last.headId, upToId: last.upToId },
    };
  };

  return {
    page: (request) =>
      guarded('artifact.list_groups', () =>
        blamingCursor(request.after, () =>
          withOrWithoutLookups((hasLookups) => read(request, hasLookups)),
        ),
      ),
  };
}

function toGroup(
  head: Pick<ArtifactGroup, 'workflowId' | 'executionId' | 'isShared'> & {
    readonly kinds: KindsText;
  },
  records: readonly ArtifactRecord[],
): ArtifactGroup {
  const { workflowId, executionId, isShared, kinds } = head;
  const summary = summarizeKinds(
    kinds.map(([type, symbol, n, firstAt, lastAt]) => ({ type, symbol, n, firstAt, lastAt })),
  );
  return { workflowId, executionId, isShared, ...summary, records };
}
