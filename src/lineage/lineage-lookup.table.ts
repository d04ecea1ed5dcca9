import { and, eq, sql, type SQL } from 'drizzle-orm';
import { integer, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';
import type { Lineage } from '../artifact/artifact.schema.ts';
import { artifactTable } from '../artifact/artifact.table.ts';

/** The tags and parameters by which producers tell a run its execution, the usual one first. */
export const RUN_SHAPES = [
  'execution_id',
  'airflow_run_id',
  'execution_date_tag',
  'execution_date_param',
] as const;

/** The one by which a run was recognised. */
export type RunShape = (typeof RUN_SHAPES)[number];

/**
 * What is known of a run (`kind` run), or of an execution whose run is not known (`kind`
 * execution).
 */
export const lineageLookupTable = pgTable(
  'lineage_lookup',
  {
    kind: text().$type<'execution' | 'run'>().notNull(),
    /** Of an execution: its workflow_id, else dag_id, else ''. Of a run: ''. */
    workflow: text().notNull(),
    /** execution_id or run_id. */
    name: text().notNull(),
    status: text().$type<Lineage['status']>().notNull(),
    reason: text(),
    experiment_id: text(),
    airflow_dag_id: text(),
    airflow_run_id: text(),
    workflow_name: text(),
    shape: text().$type<RunShape>(),
    attempts: integer().notNull().default(0),
    checked_at: timestamp({ withTimezone: true, mode: 'string' }).notNull().defaultNow(),
    next_check_at: timestamp({ withTimezone: true, mode: 'string' }),
  },
  (table) => [primaryKey({ columns: [table.kind, table.workflow, table.name] })],
);

export type LineageLookupRow = typeof lineageLookupTable.$inferSelect;

const { run_id, experiment_id, execution_id, workflow_id, dag_id } = artifactTable;

/** The workflow that an artifact's execution belongs to, as look-ups name it. */
export const lookupWorkflowSql = sql<string>`coalesce(nullif(${workflow_id}, ''), ${dag_id}, '')`;

/**
 * Rows of others may hold an empty text where there is nothing. In conditions of the column itself:
 * PostgreSQL has statistics of those, and none of `nullif`.
 */
export const hasNoRunSql: SQL<boolean> = sql`(${run_id} is null or ${run_id} = '')`;
export const hasNoExperimentSql: SQL<boolean> = sql`(${experiment_id} is null
  or ${experiment_id} = '')`;

/** Joins an artifact with what is known of its run, or while it names none, of its execution. */
export const lookupOfArtifact: SQL | undefined = and(
  eq(lineageLookupTable.kind, sql`case when ${hasNoRunSql} then 'execution' else 'run' end`),
  eq(
    lineageLookupTable.workflow,
    sql`case when ${hasNoRunSql} then ${lookupWorkflowSql} else '' end`,
  ),
  eq(lineageLookupTable.name, sql`coalesce(nullif(${run_id}, ''), ${execution_id})`),
);
