import { count, sql } from 'drizzle-orm';
import { artifactTable } from '../artifact/artifact.table.ts';
import { lineageLookupTable, lookupOfArtifact } from '../lineage/lineage-lookup.table.ts';
import { lineageStatusSql, type LineageStatus } from '../lineage/lineage-status.ts';
import { withOrWithoutLookups } from '../lineage/with-or-without-lookups.ts';
import { guarded } from '../storage/database-errors.ts';
import type { Database } from '../storage/database.ts';
import { compareTimestamps } from '../storage/iso-timestamp.ts';

export interface ArtifactSummary {
  readonly artifacts: number;
  /** By type; orders, trades and portfolios count as signals, too. */
  readonly byType: Readonly<Record<string, number>>;
  readonly byLineage: Readonly<Record<LineageStatus, number>>;
  /** PostgreSQL's text; null when there are none. */
  readonly newestAt: string | null;
}

export interface ArtifactSummaryRepository {
  /** One statement. */
  summarize(): Promise<ArtifactSummary>;
}

/** `isMlflowConfigured`: whether there is a MLflow to ask, on which `lineage.status` depends. */
export function createArtifactSummaryRepository(
  database: Database,
  { isMlflowConfigured }: { readonly isMlflowConfigured: boolean },
): ArtifactSummaryRepository {
  const { type, signal_data, created_at } = artifactTable;
  const kind = sql<
    string | null
  >`case when ${type} = 'signal' and ${signal_data} ->> 'artifact_type'
    in ('order', 'trade', 'portfolio') then ${signal_data} ->> 'artifact_type' end`.as('kind');

  const read = async (hasLookups: boolean): Promise<ArtifactSummary> => {
    const status = lineageStatusSql({ isMlflowConfigured, hasLookups }).as('lineage_status');
    const query = database
      .select({ type, kind, status, n: count(), newestAt: sql<string>`max(${created_at})::text` })
      .from(artifactTable)
      .$dynamic();
    if (hasLookups) query.leftJoin(lineageLookupTable, lookupOfArtifact);
    const rows = await query.groupBy(type, sql`2`, sql`3`);

    const byType: Record<string, number> = {
      chart: 0,
      llm: 0,
      signal: 0,
      order: 0,
      trade: 0,
      portfolio: 0,
    };
    const byLineage: Record<LineageStatus, number> = {
      linked: 0,
      pending: 0,
      unresolved: 0,
      unavailable: 0,
    };
    for (const row of rows) {
      byType[row.type] = (byType[row.type] ?? 0) + row.n;
      if (row.kind !== null) byType[row.kind] = (byType[row.kind] ?? 0) + row.n;
      byLineage[row.status] += row.n;
    }
    return {
      artifacts: rows.reduce((sum, { n }) => sum + n, 0),
      byType,
      byLineage,
      newestAt:
        rows
          .map(({ newestAt }) => newestAt)
          .toSorted(compareTimestamps)
          .at(-1) ?? null,
    };
  };

  return { summarize: () => guarded('artifact.summarize', () => withOrWithoutLookups(read)) };
}
