import { sql, type SQL } from 'drizzle-orm';
import type { Lineage } from '../artifact/artifact.schema.ts';
import { artifactTable, type ArtifactRow } from '../artifact/artifact.table.ts';
import { hasNoRunSql, lineageLookupTable } from './lineage-lookup.table.ts';

/**
 * The rule that says linked, pending, unresolved or unavailable, in TypeScript for one row and in
 * SQL for many. Both say the same of every row (test/unit/lineage/lineage-status.test.ts).
 */
export type LineageStatus = Lineage['status'];

/** What the rule depends on beside rows. */
export interface LineageKnowledge {
  /** Whether there is a MLflow to ask. */
  readonly isConfigured: boolean;
  /** Whether the table of look-ups exists; without it nothing was ever looked up. */
  readonly lookup: boolean;
}

/** `recorded`: the status of the look-up that belongs to the row, or null. */
export function lineageStatusOf(
  row: Pick<ArtifactRow, 'run_id' | 'experiment_id' | 'execution_id'>,
  recorded: LineageStatus | null,
  isConfigured: boolean,
): LineageStatus {
  if (isNamed(row.run_id) && isNamed(row.experiment_id)) return 'linked';
  if (!isNamed(row.run_id) && !isNamed(row.execution_id)) return 'unresolved';
  if (!isConfigured) return 'unavailable';
  return recorded === null || recorded === 'linked' ? 'pending' : recorded;
}

/** Rows of others may hold an empty text where there is nothing. */
function isNamed(text: string | null): boolean {
  return text !== null && text !== '';
}

const { run_id, experiment_id, execution_id } = artifactTable;

/** The condition of a row whose run and experiment are both known. */
export const linkedSql: SQL<boolean> = sql`(${run_id} <> '' and ${experiment_id} <> '')`;

/** The rule as a column, of rows joined by `lookupOfArtifact`. */
export function lineageStatusSql({ isConfigured, lookup }: LineageKnowledge): SQL<LineageStatus> {
  const recorded = lookup ? sql`${lineageLookupTable.status}` : sql`null::text`;
  return sql<LineageStatus>`case
    when ${linkedSql} then 'linked'
    when ${hasNoRunSql} and nullif(${execution_id}, '') is null then 'unresolved'
    when not ${isConfigured}::boolean then 'unavailable'
    when ${recorded} in ('pending', 'unresolved', 'unavailable') then ${recorded}
    else 'pending' end`;
}

/**
 * `lineageStatusSql(…) = status`, in conditions of single columns: PostgreSQL has statistics of
 * those, and none of a `case`, which it takes to be true of one row in two hundred, nor of `nullif`.
 */
export function hasLineageStatusSql(status: LineageStatus, knowledge: LineageKnowledge): SQL {
  if (status === 'linked') return linkedSql;
  const recorded = lineageLookupTable.status;
  const was = (one: LineageStatus) =>
    needsLookup(status, knowledge) ? sql`${recorded} = ${one}` : sql`false`;
  switch (status) {
    case 'unresolved':
      return sql`(${isNameless} or (${hasSubject} and ${was('unresolved')}))`;
    case 'unavailable':
      return knowledge.isConfigured ? sql`(${hasSubject} and ${was('unavailable')})` : hasSubject;
    case 'pending': {
      if (!knowledge.isConfigured) return sql`false`;
      if (!knowledge.lookup) return hasSubject;
      return sql`(${hasSubject} and (${recorded} is null or ${recorded} in ('pending', 'linked')))`;
    }
  }
}

/**
 * Whether `hasLineageStatusSql` speaks of look-ups, so that they must be joined by
 * `lookupOfArtifact`. Without a MLflow to ask, what look-ups left behind is not told.
 */
export function needsLookup(status: LineageStatus, knowledge: LineageKnowledge): boolean {
  return knowledge.isConfigured && knowledge.lookup && status !== 'linked';
}

const hasNoRun = sql`(${run_id} is null or ${run_id} = '')`;
const hasNoExperiment = sql`(${experiment_id} is null or ${experiment_id} = '')`;
const isNameless = sql`(${hasNoRun} and (${execution_id} is null or ${execution_id} = ''))`;
const lacksExperiment = sql`(${run_id} <> '' and ${hasNoExperiment})`;
/** There is something to look up: `subjectOf` in SQL. */
const hasSubject = sql`((${hasNoRun} and ${execution_id} <> '') or ${lacksExperiment})`;
