import { and, isNotNull, sql, type SQL } from 'drizzle-orm';
import { artifactTable } from '../artifact/artifact.table.ts';
import { guarded } from '../storage/database-errors.ts';
import type { Database } from '../storage/database.ts';
import { isoTimestamp } from '../storage/iso-timestamp.ts';
import { listOf } from '../storage/list-of.ts';
import { contextOf, type ExecutionContext, type SiblingRow } from './execution-context.ts';
import { executionForms, parseExecutionId } from './execution-id.ts';
import {
  hasNoExperimentSql,
  hasNoRunSql,
  lineageLookupTable,
  lookupOfArtifact,
  lookupWorkflowSql,
  type RunShape,
} from './lineage-lookup.table.ts';
import type { ExecutionSubject, RunSubject } from './subject.ts';

/**
 * What is due by its own memory, or everything that was not wholly looked at since an instant (ISO
 * 8601).
 */
export type DueLookups = 'due' | { readonly before: string };

/** What there is to look up, and what our own rows tell of it. */
export interface SubjectRepository {
  /** Executions with rows that name no run, longest unchecked first. */
  dueExecutions(limit: number, due: DueLookups): Promise<ExecutionSubject[]>;
  /** Runs that rows name without their experiment, longest unchecked first. */
  dueRuns(limit: number, due: DueLookups): Promise<RunSubject[]>;
  /** What our own rows tell of each; in which way it may be asked for, only where `isAsked`. */
  contextsOf(
    executions: readonly ExecutionSubject[],
    isAsked: (subject: ExecutionSubject) => boolean,
  ): Promise<Map<ExecutionSubject, ExecutionContext>>;
  /** The database's clock (ISO 8601), by which look-ups are dated. */
  now(): Promise<string>;
}

const { run_id, experiment_id, execution_id, workflow_id, dag_id, id } = artifactTable;
const { checked_at, next_check_at, attempts, workflow_name, shape } = lineageLookupTable;

export function createSubjectRepository(database: Database): SubjectRepository {
  return {
    dueExecutions: (limit, due) =>
      guarded('lineage.due_executions', async () => {
        const workflowIds = sql`array_agg(distinct nullif(${workflow_id}, ''))`;
        const dagIds = sql`array_agg(distinct nullif(${dag_id}, ''))`;
        const rows = await database
          .select({
            workflow: lookupWorkflowSql,
            executionId: sql<string>`${execution_id}`,
            workflowId: sql<string | null>`max(nullif(${workflow_id}, ''))`,
            workflows: sql<string[]>`array_remove(${workflowIds} || ${dagIds}, null)`,
          })
          .from(artifactTable)
          .leftJoin(lineageLookupTable, lookupOfArtifact)
          .where(and(hasNoRunSql, sql`${execution_id} <> ''`, isDueSql(due)))
          .groupBy(lookupWorkflowSql, execution_id)
          .orderBy(sql`min(${checked_at}) nulls first`, sql`max(${id}) desc`)
          .limit(limit);
        return rows.map(({ executionId, workflow, workflowId, workflows }) => ({
          kind: 'execution',
          id: parseExecutionId(executionId),
          workflow,
          workflowId,
          workflows,
        }));
      }),

    dueRuns: (limit, due) =>
      guarded('lineage.due_runs', async () => {
        const rows = await database
          .select({ runId: sql<string>`${run_id}` })
          .from(artifactTable)
          .leftJoin(lineageLookupTable, lookupOfArtifact)
          .where(and(sql`${run_id} <> ''`, hasNoExperimentSql, isDueSql(due)))
          .groupBy(run_id)
          .orderBy(sql`min(${checked_at}) nulls first`, sql`max(${id}) desc`)
          .limit(limit);
        return rows.map(({ runId }) => ({ kind: 'run', runId }));
      }),

    contextsOf: (executions, isAsked) =>
      guarded('lineage.contexts_of', async () => {
        if (executions.length === 0) return new Map();
        const forms = executions.flatMap(({ id }) => executionForms(id.text));
        const workflows = executions.filter(isAsked).map(({ workflow }) => workflow);
        const [rows, shapes] = await Promise.all([
          rowsOf(database, [...new Set(forms)]),
          usualShapes(database, [...new Set(workflows)]),
        ]);
        const contexts = executions.map((subject): [ExecutionSubject, ExecutionContext] => [
          subject,
          contextOf(subject, rows, shapes.get(subject.workflow) ?? []),
        ]);
        return new Map(contexts);
      }),

    now: () =>
      guarded('lineage.now', async () => {
        const { rows } = await database.execute<{ now: string }>(sql`select now()::text as now`);
        return isoTimestamp(rows[0]?.now ?? '');
      }),
  };
}

/** Everything stored under these execution ids, of any workflow. */
async function rowsOf(database: Database, executionIds: readonly string[]): Promise<SiblingRow[]> {
  return database
    .selectDistinct({
      workflow: lookupWorkflowSql,
      executionId: sql<string>`${execution_id}`,
      runId: sql<string | null>`nullif(${run_id}, '')`,
      experimentId: sql<string | null>`nullif(${experiment_id}, '')`,
    })
    .from(artifactTable)
    .where(sql`${execution_id} in ${listOf(executionIds)}`);
}

/** How runs of these workflows were recognised so far, the most frequent first. */
async function usualShapes(
  database: Database,
  workflows: readonly string[],
): Promise<Map<string, RunShape[]>> {
  const known = new Map<string, RunShape[]>();
  if (workflows.length === 0) return known;
  const rows = await database
    .select({ workflow: sql<string>`${workflow_name}`, shape: sql<RunShape>`${shape}` })
    .from(lineageLookupTable)
    .where(and(sql`${workflow_name} in ${listOf(workflows)}`, isNotNull(shape)))
    .groupBy(workflow_name, shape)
    .orderBy(sql`count(*) desc`, shape);
  for (const row of rows) known.set(row.workflow, [...(known.get(row.workflow) ?? []), row.shape]);
  return known;
}

/** Joined rows whose look-up is due. */
function isDueSql(due: DueLookups): SQL {
  if (due === 'due') return sql`(${next_check_at} is null or ${next_check_at} <= now())`;
  return sql`(${checked_at} is null or ${attempts} = 0
    or ${checked_at} < ${due.before}::timestamptz)`;
}
