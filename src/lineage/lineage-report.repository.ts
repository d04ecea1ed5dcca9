import { count, desc, or, sql, type SQL } from 'drizzle-orm';
import { artifactTable } from '../artifact/artifact.table.ts';
import { guarded } from '../storage/database-errors.ts';
import type { Database } from '../storage/database.ts';
import { isoTimestamp } from '../storage/iso-timestamp.ts';
import {
  hasNoExperimentSql,
  hasNoRunSql,
  lineageLookupTable,
  lookupOfArtifact,
} from './lineage-lookup.table.ts';
import { lineageStatusSql, type LineageStatus } from './lineage-status.ts';
import { withOrWithoutLookups } from './with-or-without-lookups.ts';

/** Artifacts that share an execution (or a run without experiment) and a state. */
export interface UnlinkedGroup {
  readonly workflow_id: string | null;
  readonly execution_id: string | null;
  readonly run_id: string | null;
  readonly artifacts: number;
  readonly status: Exclude<LineageStatus, 'linked'>;
  /** What the last look-up said; null: there was none. */
  readonly reason: string | null;
  readonly attempts: number;
  readonly checked_at: string | null;
  readonly next_check_at: string | null;
}

export interface LineageReportRepository {
  /** How many artifacts are in which state. */
  counts(): Promise<Record<LineageStatus, number>>;
  /** What is not linked, newest artifacts first. */
  unlinked(limit: number): Promise<UnlinkedGroup[]>;
}

export function createLineageReportRepository(
  database: Database,
  options: { readonly isMlflowConfigured: boolean },
): LineageReportRepository {
  return {
    counts: () =>
      guarded('lineage.counts', async () => {
        const read = async (hasLookups: boolean) => {
          const state = lineageStatusSql({ ...options, hasLookups });
          const query = database
            .select({ status: state, artifacts: count() })
            .from(artifactTable)
            .$dynamic();
          // By position: the expression holds a parameter, so PostgreSQL would not recognise it a
          // second time.
          return (
            hasLookups ? query.leftJoin(lineageLookupTable, lookupOfArtifact) : query
          ).groupBy(sql`1`);
        };
        const rows = await withOrWithoutLookups(read);
        const counts = { linked: 0, pending: 0, unresolved: 0, unavailable: 0 };
        for (const row of rows) counts[row.status] = row.artifacts;
        return counts;
      }),

    unlinked: (limit) =>
      guarded('lineage.unlinked', async () => {
        const { run_id, workflow_id, execution_id, id } = artifactTable;
        const read = async (hasLookups: boolean) => {
          const known = <T>(column: SQL<T>) => (hasLookups ? column : sql<T>`null`);
          const { reason, attempts, checked_at, next_check_at } = lineageLookupTable;
          const query = database
            .select({
              status: sql<
                UnlinkedGroup['status']
              >`${lineageStatusSql({ ...options, hasLookups })}`.as('status'),
              workflow_id,
              execution_id,
              run_id,
              artifacts: count(),
              reason: known(sql<string | null>`max(${reason})`),
              attempts: sql<number>`coalesce(${known(sql<number>`max(${attempts})`)}, 0)::int`,
              checked_at: known(sql<string | null>`max(${checked_at})::text`),
              next_check_at: known(sql<string | null>`max(${next_check_at})::text`),
            })
            .from(artifactTable)
            .$dynamic();
          return (hasLookups ? query.leftJoin(lineageLookupTable, lookupOfArtifact) : query)
            .where(or(hasNoRunSql, hasNoExperimentSql))
            .groupBy(sql`1`, workflow_id, execution_id, run_id)
            .orderBy(desc(sql`max(${id})`))
            .limit(limit);
        };
        return (await withOrWithoutLookups(read)).map(withIsoTimes);
      }),
  };
}

function withIsoTimes(group: UnlinkedGroup): UnlinkedGroup {
  const { checked_at, next_check_at } = group;
  return {
    ...group,
    checked_at: checked_at && isoTimestamp(checked_at),
    next_check_at: next_check_at && isoTimestamp(next_check_at),
  };
}
