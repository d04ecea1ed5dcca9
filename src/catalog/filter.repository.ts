import { and, eq, gte, lt, sql, type SQL } from 'drizzle-orm';
import { sqlStateOf } from '../storage/database-errors.ts';
import type { ArtifactFilter } from './filter.schema.ts';
import { artifactTable } from '../artifact/artifact.table.ts';
import {
  lineageLookupTable,
  linkedSql,
  lookupOfArtifact,
  type LineageStatus,
} from '../lineage/lineage-lookup.table.ts';
import { badCursor, type PagePosition } from './page-cursor.ts';

/** What `lineage.status` depends on beside the row. */
export interface LineageKnowledge {
  /** Whether there is a MLflow to ask. */
  readonly isConfigured: boolean;
  /** Whether the table of look-ups exists. */
  readonly lookup: boolean;
}

const UNDEFINED_TABLE = '42P01';
const EQUAL = ['symbol', 'workflow_id', 'execution_id', 'dag_id', 'step_name', 'run_id'] as const;

/** The condition that every wanted artifact fulfils, or undefined when all are wanted. */
export function matchingWhere(
  filter: ArtifactFilter,
  knowledge: LineageKnowledge,
): SQL | undefined {
  const conditions: SQL[] = EQUAL.flatMap((name) => {
    const wanted = filter[name];
    return wanted === undefined ? [] : [eq(artifactTable[name], wanted)];
  });
  if (filter.type === 'order' || filter.type === 'trade' || filter.type === 'portfolio') {
    conditions.push(eq(artifactTable.type, 'signal'));
    conditions.push(sql`${artifactTable.signal_data} ->> 'artifact_type' = ${filter.type}`);
  } else if (filter.type !== undefined) {
    conditions.push(eq(artifactTable.type, filter.type));
  }
  if (filter.lineage !== undefined) conditions.push(hasLineage(filter.lineage, knowledge));
  if (filter.q !== undefined && filter.q !== '') conditions.push(contains(filter.q));
  const { created_after: after, created_before: before } = filter;
  if (after !== undefined) conditions.push(gte(artifactTable.created_at, after));
  if (before !== undefined) conditions.push(lt(artifactTable.created_at, before));
  return and(...conditions);
}

/**
 * `lineageStatusSql(…) = status`, in conditions of single columns: PostgreSQL has statistics of
 * those, and none of a `case`, which it takes to be true of one row in two hundred.
 */
function hasLineage(status: LineageStatus, knowledge: LineageKnowledge): SQL {
  const { run_id, experiment_id, execution_id } = artifactTable;
  if (status === 'linked') return linkedSql;
  // In these words for the same reason: `nullif` has no statistics either.
  const hasNoRun = sql`(${run_id} is null or ${run_id} = '')`;
  const isNameless = sql`(${hasNoRun} and (${execution_id} is null or ${execution_id} = ''))`;
  const isOpen = sql`((${hasNoRun} and ${execution_id} <> '') or (${run_id} <> '' and (${experiment_id} is null or ${experiment_id} = '')))`;
  const known = lineageLookupTable.status;
  const was = (recorded: LineageStatus) =>
    asksLookup(knowledge) ? sql`${known} = ${recorded}` : sql`false`;
  switch (status) {
    case 'unresolved':
      return sql`(${isNameless} or (${isOpen} and ${was('unresolved')}))`;
    case 'unavailable':
      return knowledge.isConfigured ? sql`(${isOpen} and ${was('unavailable')})` : isOpen;
    case 'pending': {
      if (!knowledge.isConfigured) return sql`false`;
      if (!knowledge.lookup) return isOpen;
      return sql`(${isOpen} and (${known} is null or ${known} in ('pending', 'linked')))`;
    }
  }
}

/** Without a MLflow to ask, what look-ups left behind is not told. */
function asksLookup({ isConfigured, lookup }: LineageKnowledge): boolean {
  return isConfigured && lookup;
}

/**
 * Whether `matchingWhere` speaks of look-ups, so that they must be joined by `lookupOfArtifact`.
 */
export function needsLookup(filter: ArtifactFilter, knowledge: LineageKnowledge): boolean {
  return asksLookup(knowledge) && filter.lineage !== undefined && filter.lineage !== 'linked';
}

/** The tables that `matchingWhere` speaks of, for statements written by hand. */
export function matchingFrom(filter: ArtifactFilter, knowledge: LineageKnowledge): SQL {
  return needsLookup(filter, knowledge)
    ? sql`${artifactTable} left join ${lineageLookupTable} on ${lookupOfArtifact}`
    : sql`${artifactTable}`;
}

/**
 * `q` anywhere in name, symbol or run_id, in any case. Searched for as it is, which costs less than
 * a pattern.
 */
function contains(q: string): SQL {
  const { name, symbol, run_id } = artifactTable;
  const anyOf = [name, symbol, run_id].map(
    (column) => sql`strpos(lower(${column}), lower(${q})) > 0`,
  );
  return sql`(${sql.join(anyOf, sql` or `)})`;
}

/**
 * A database that nobody has migrated yet has no look-ups; its artifacts are listed all the same.
 */
export async function withOrWithoutLookup<T>(run: (lookup: boolean) => Promise<T>): Promise<T> {
  try {
    return await run(true);
  } catch (error) {
    if (sqlStateOf(error) !== UNDEFINED_TABLE) throw error;
    return run(false);
  }
}

/** What a forged cursor holds may be no value of its column; the filters were checked before. */
export async function blamingCursor<T>(
  after: PagePosition | null,
  run: () => Promise<T>,
): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (after !== null && sqlStateOf(error)?.startsWith('22') === true) throw badCursor();
    throw error;
  }
}
