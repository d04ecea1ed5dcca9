import { sql, type SQL } from 'drizzle-orm';
import type { Lineage } from '../artifact/artifact.schema.ts';
import { artifactTable, type ArtifactRow } from '../artifact/artifact.table.ts';
import { hasNoExperimentSql, hasNoRunSql, lineageLookupTable } from './lineage-lookup.table.ts';

/**
 * The rule that says linked, pending, unresolved or unavailable: once in TypeScript for one row,
 * and once in SQL, as a condition for each status, of which the column is made. That both say the
 * same of every row is held by test/unit/lineage/lineage-status.test.ts.
 */
export type LineageStatus = Lineage['status'];

/** What the rule depends on beside rows. */
export interface LineageKnowledge {
  /** Whether there is a MLflow to ask. */
  readonly isMlflowConfigured: boolean;
  /** Whether the table of look-ups exists; without it nothing was ever looked up. */
  readonly hasLookups: boolean;
}

/** `recorded`: the status of the look-up that belongs to the row, or null. */
export function lineageStatusOf(
  row: Pick<ArtifactRow, 'run_id' | 'experiment_id' | 'execution_id'>,
  recorded: LineageStatus | null,
  isMlflowConfigured: boolean,
): LineageStatus {
  if (isNamed(row.run_id) && isNamed(row.experiment_id)) return 'linked';
  if (!isNamed(row.run_id) && !isNamed(row.execution_id)) return 'unresolved';
  if (!isMlflowConfigured) return 'unavailable';
  return recorded === null || recorded === 'linked' ? 'pending' : recorded;
}

/** Rows of others may hold an empty text where there is nothing. */
function isNamed(text: string | null): boolean {
  return text !== null && text !== '';
}

const { run_id, experiment_id, execution_id } = artifactTable;

/** The condition of a row whose run and experiment are both known. */
export const linkedSql: SQL<boolean> = sql`(${run_id} <> '' and ${experiment_id} <> '')`;

/** The rule as a column, of rows joined by `lookupOfArtifact` where the look-ups exist. */
export function lineageStatusSql(knowledge: LineageKnowledge): SQL<LineageStatus> {
  return sql<LineageStatus>`case
    when ${linkedSql} then 'linked'
    when ${hasLineageStatusSql('unresolved', knowledge)} then 'unresolved'
    when ${hasLineageStatusSql('unavailable', knowledge)} then 'unavailable'
    else 'pending' end`;
}

/**
 * The rule as a condition, made of conditions of single columns: PostgreSQL has statistics of
 * those, and none of a `case`, which it takes to be true of one row in two hundred.
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
      return knowledge.isMlflowConfigured
        ? sql`(${hasSubject} and ${was('unavailable')})`
        : hasSubject;
    case 'pending': {
      if (!knowledge.isMlflowConfigured) return sql`false`;
      if (!knowledge.hasLookups) return hasSubject;
      return sql`(${hasSubject} and (${recorded} is null or ${recorded} in ('pending', 'linked')))`;
    }
  }
}

/**
 * Whether `hasLineageStatusSql` speaks of look-ups, so that they must be joined by
 * `lookupOfArtifact`. Without a MLflow to ask, what look-ups left behind is not told.
 */
export function needsLookup(status: LineageStatus, knowledge: LineageKnowledge): boolean {
  return knowledge.isMlflowConfigured && knowledge.hasLookups && status !== 'linked';
}

const isNameless = sql`(${hasNoRunSql} and (${execution_id} is null or ${execution_id} = ''))`;
const lacksExperiment = sql`(${run_id} <> '' and ${hasNoExperimentSql})`;
/** There is something to look up: `subjectOf` in SQL. */
const hasSubject = sql`((${hasNoRunSql} and ${execution_id} <> '') or ${lacksExperiment})`;
