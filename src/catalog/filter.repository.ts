import { and, eq, gte, lt, sql, type SQL } from 'drizzle-orm';
import { SIGNAL_KINDS } from '../artifact/artifact.schema.ts';
import { artifactTable } from '../artifact/artifact.table.ts';
import { lineageLookupTable, lookupOfArtifact } from '../lineage/lineage-lookup.table.ts';
import {
  hasLineageStatusSql,
  needsLookup,
  type LineageKnowledge,
} from '../lineage/lineage-status.ts';
import type { ArtifactFilter } from './filter.schema.ts';

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
  if (SIGNAL_KINDS.some((kind) => kind === filter.type)) {
    conditions.push(eq(artifactTable.type, 'signal'));
    conditions.push(sql`${artifactTable.signal_data} ->> 'artifact_type' = ${filter.type}`);
  } else if (filter.type !== undefined) {
    conditions.push(eq(artifactTable.type, filter.type));
  }
  if (filter.lineage !== undefined) conditions.push(hasLineageStatusSql(filter.lineage, knowledge));
  if (filter.q !== undefined && filter.q !== '') conditions.push(contains(filter.q));
  const { created_after: after, created_before: before } = filter;
  if (after !== undefined) conditions.push(gte(artifactTable.created_at, after));
  if (before !== undefined) conditions.push(lt(artifactTable.created_at, before));
  return and(...conditions);
}

/**
 * Whether `matchingWhere` speaks of look-ups, so that they must be joined by `lookupOfArtifact`.
 */
export function matchingNeedsLookup(filter: ArtifactFilter, knowledge: LineageKnowledge): boolean {
  return filter.lineage !== undefined && needsLookup(filter.lineage, knowledge);
}

/** The tables that `matchingWhere` speaks of, for statements written by hand. */
export function matchingFrom(filter: ArtifactFilter, knowledge: LineageKnowledge): SQL {
  return matchingNeedsLookup(filter, knowledge)
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
