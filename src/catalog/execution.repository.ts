import { and, count, desc, eq, inArray, isNull, or, sql } from 'drizzle-orm';
import { artifactTable } from '../artifact/artifact.table.ts';
import type { ArtifactRecord } from '../lineage/derive-lineage.ts';
import { lineageLookupTable, lookupOfArtifact } from '../lineage/lineage-lookup.table.ts';
import { withOrWithoutLookups } from '../lineage/with-or-without-lookups.ts';
import { guarded } from '../storage/database-errors.ts';
import type { Database } from '../storage/database.ts';
import { listedColumns } from './listed-columns.repository.ts';
import type { ArtifactKind } from './summarize-kinds.ts';

export interface ExecutionRequest {
  /** Every text that the execution may be stored under. */
  readonly executionIds: readonly string[];
  /** Undefined: any; null: none. */
  readonly workflowId: string | null | undefined;
  readonly includeBars: boolean;
}

export interface StoredExecution {
  /** Workflows that have artifacts of this execution; null: artifacts that name none. */
  readonly workflowIds: readonly (string | null)[];
  readonly kinds: readonly ArtifactKind[];
  /** Newest first. */
  readonly records: readonly ArtifactRecord[];
}

export interface ExecutionRepository {
  /** One statement for the artifacts and one for what they are, in one request. */
  find(request: ExecutionRequest): Promise<StoredExecution>;
}

/** More would not fit into one answer; with 5,000 bars each, 500 hardly do. */
const EXECUTION_ARTIFACTS_MAX = 5_000;
const EXECUTION_ARTIFACTS_WITH_BARS_MAX = 500;

export function createExecutionRepository(database: Database): ExecutionRepository {
  const { type, symbol, workflow_id, execution_id, created_at, id } = artifactTable;
  const workflow = sql<string | null>`nullif(${workflow_id}, '')`.as('workflow');

  const read = async (
    { executionIds, workflowId, includeBars }: ExecutionRequest,
    hasLookups: boolean,
  ) => {
    const isWorkflow =
      workflowId === undefined
        ? undefined
        : workflowId === null
          ? or(isNull(workflow_id), eq(workflow_id, ''))
          : eq(workflow_id, workflowId);
    const ofExecution = inArray(execution_id, [...executionIds]);
    const wanted = and(ofExecution, isWorkflow);
    const limit = includeBars ? EXECUTION_ARTIFACTS_WITH_BARS_MAX : EXECUTION_ARTIFACTS_MAX;
    const newest = [desc(created_at), desc(id)];
    const row = listedColumns(includeBars);
    const rows = hasLookups
      ? database
          .select({ row, lookup: lineageLookupTable })
          .from(artifactTable)
          .leftJoin(lineageLookupTable, lookupOfArtifact)
          .where(wanted)
          .orderBy(...newest)
          .limit(limit)
      : database
          .select({ row, lookup: sql<null>`null` })
          .from(artifactTable)
          .where(wanted)
          .orderBy(...newest)
          .limit(limit);
    const [records, kinds] = await database.batch([
      rows,
      database
        .select({
          workflow,
          type,
          symbol,
          n: count(),
          firstAt: sql<string>`min(${created_at})`,
          lastAt: sql<string>`max(${created_at})`,
        })
        .from(artifactTable)
        .where(ofExecution)
        .groupBy(sql`1`, type, symbol),
    ]);
    return {
      workflowIds: [...new Set(kinds.map((kind) => kind.workflow))],
      kinds: kinds.filter((kind) => workflowId === undefined || kind.workflow === workflowId),
      records,
    };
  };

  return {
    find: (request) =>
      guarded('artifact.find_execution', () =>
        withOrWithoutLookups((hasLookups) => read(request, hasLookups)),
      ),
  };
}
