import { and, isNotNull, isNull, sql, type SQL } from 'drizzle-orm';
import { artifactTable } from '../artifact/artifact.table.ts';
import {
  lineageLookupTable,
  lookupOfArtifact,
  lookupWorkflowSql,
  type LineageStatus,
  type RunShape,
} from '../artifact/lineage-lookup.table.ts';
import type { Database } from '../storage/database.ts';
import { guarded } from '../storage/database-errors.ts';

/** Rows of one execution that share a run, or have none. */
export interface ExecutionRows {
  /** workflow_id, else dag_id, else ''. */
  readonly workflow: string;
  readonly executionId: string;
  readonly runId: string | null;
  readonly experimentId: string | null;
}

/** A run that was found, and the texts under which rows of its execution are stored. */
export interface FoundRun {
  readonly workflow: string;
  readonly executionIds: readonly string[];
  readonly runId: string;
  readonly experimentId: string;
  /** Null when a sibling answered. */
  readonly facts: RunFacts | null;
}

/** What a run's tags say of its Airflow run, and the shape by which it was recognised. */
export interface RunFacts {
  readonly shape: RunShape | null;
  readonly airflowDagId: string | null;
  readonly airflowRunId: string | null;
}

/** A look-up that linked nothing. */
export interface Miss {
  readonly kind: 'execution' | 'run';
  readonly workflow: string;
  readonly name: string;
  readonly status: Exclude<LineageStatus, 'linked'>;
  readonly reason: string;
  /** The reason once it has been looked for often. */
  readonly finalReason: string;
  /** 1: everything was asked. 0: nobody could be asked, or only a part was. */
  readonly attempts: 0 | 1;
  /** Milliseconds until the next look; null: doubling from five seconds to an hour with the attempts. */
  readonly waitMs: number | null;
}

export interface LinkedArtifact {
  readonly id: number;
  readonly runId: string;
  readonly experimentId: string;
  /** As PostgreSQL writes it. */
  readonly updatedAt: string;
  readonly workflow: string;
  readonly executionId: string | null;
}

export interface UnlinkedExecution {
  readonly workflow: string;
  readonly executionId: string;
  readonly workflows: readonly string[];
}

/** What is due by its own memory, or everything that was not checked since an instant (ISO 8601). */
export type DueLookups = 'due' | { readonly before: string };

export interface LineageRepository {
  /** Everything stored under these execution ids, of any workflow. */
  rowsOf(executionIds: readonly string[]): Promise<ExecutionRows[]>;
  /** How runs of these workflows were recognised so far, the most frequent first. */
  knownShapes(workflows: readonly string[]): Promise<Map<string, RunShape[]>>;
  /** Links every row of the executions that names no run yet, in one statement; says which. */
  link(found: readonly FoundRun[]): Promise<LinkedArtifact[]>;
  /** Fills in the experiment of every row that names one of the runs without it. */
  completeExperiments(runs: readonly Omit<FoundRun, 'executionIds'>[]): Promise<LinkedArtifact[]>;
  recordMisses(misses: readonly Miss[]): Promise<void>;
  /** Executions with rows that name no run, longest unchecked first. */
  unlinkedExecutions(limit: number, due: DueLookups): Promise<UnlinkedExecution[]>;
  /** Runs that rows name without their experiment. */
  incompleteRuns(limit: number, due: DueLookups): Promise<string[]>;
}

/** Looks that found nothing until an execution is called unresolved: doubling from 5 s, that is after 85 minutes. */
export const ATTEMPTS_UNTIL_UNRESOLVED = 10;
const { run_id, experiment_id, execution_id, id } = artifactTable;

export function createLineageRepository(database: Database): LineageRepository {
  /** Joined rows whose look-up is due. */
  const isDue = (due: DueLookups): SQL | undefined =>
    due === 'due'
      ? sql`(${lineageLookupTable.next_check_at} is null or ${lineageLookupTable.next_check_at} <= now())`
      : sql`(${lineageLookupTable.checked_at} is null or ${lineageLookupTable.checked_at} < ${due.before}::timestamptz)`;

  return {
    rowsOf: (executionIds) =>
      guarded('lineage.rows_of', async () =>
        database
          .selectDistinct({
            workflow: lookupWorkflowSql,
            executionId: sql<string>`${execution_id}`,
            runId: run_id,
            experimentId: experiment_id,
          })
          .from(artifactTable)
          .where(sql`${execution_id} in ${listOf(executionIds)}`),
      ),

    knownShapes: (workflows) =>
      guarded('lineage.known_shapes', async () => {
        const { workflow_name, shape } = lineageLookupTable;
        const rows = await database
          .select({ workflow: sql<string>`${workflow_name}`, shape: sql<RunShape>`${shape}` })
          .from(lineageLookupTable)
          .where(and(sql`${workflow_name} in ${listOf(workflows)}`, isNotNull(shape)))
          .groupBy(workflow_name, shape)
          .orderBy(sql`count(*) desc`, shape);
        const known = new Map<string, RunShape[]>();
        for (const row of rows) known.set(row.workflow, [...(known.get(row.workflow) ?? []), row.shape]);
        return known;
      }),

    link: (found) =>
      guarded('lineage.link', async () => {
        if (found.length === 0) return [];
        const rows = found.flatMap(({ workflow, executionIds, runId, experimentId }) =>
          executionIds.map((name) => ({ workflow, name, run_id: runId, experiment_id: experimentId })),
        );
        const given = sql`jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
          as given(workflow text, name text, run_id text, experiment_id text)`;
        const linked = sql`update ${artifactTable} set run_id = given.run_id, experiment_id = given.experiment_id, updated_at = now()
          from ${given}
          where ${execution_id} = given.name and ${lookupWorkflowSql} = given.workflow and ${artifactTable.run_id} is null
            and (${artifactTable.experiment_id} is null or ${artifactTable.experiment_id} = given.experiment_id)
          returning ${id} as id, ${artifactTable.run_id} as run_id, ${artifactTable.experiment_id} as experiment_id,
            ${artifactTable.updated_at}::text as updated_at,
            ${lookupWorkflowSql} as workflow, ${execution_id} as execution_id`;
        const forgotten = sql`delete from ${lineageLookupTable} using ${given}
          where ${lineageLookupTable.kind} = 'execution' and ${lineageLookupTable.workflow} = given.workflow
            and ${lineageLookupTable.name} = given.name`;
        const [result] = await database.batch([
          database.execute<LinkedRow>(linked),
          database.execute(forgotten),
          ...rememberRuns(database, found),
        ]);
        return result.rows.map(toLinked);
      }),

    completeExperiments: (runs) =>
      guarded('lineage.complete_experiments', async () => {
        if (runs.length === 0) return [];
        const rows = runs.map(({ runId, experimentId }) => ({ run_id: runId, experiment_id: experimentId }));
        const completed = sql`update ${artifactTable} set experiment_id = given.experiment_id, updated_at = now()
          from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as given(run_id text, experiment_id text)
          where ${artifactTable.run_id} = given.run_id and ${artifactTable.experiment_id} is null
          returning ${id} as id, ${artifactTable.run_id} as run_id, ${artifactTable.experiment_id} as experiment_id,
            ${artifactTable.updated_at}::text as updated_at,
            ${lookupWorkflowSql} as workflow, ${execution_id} as execution_id`;
        const [result] = await database.batch([
          database.execute<LinkedRow>(completed),
          ...rememberRuns(database, runs),
        ]);
        return result.rows.map(toLinked);
      }),

    recordMisses: (misses) =>
      guarded('lineage.record_misses', async () => {
        if (misses.length === 0) return;
        await database.execute(missesSql(misses));
      }),

    unlinkedExecutions: (limit, due) =>
      guarded('lineage.unlinked_executions', async () =>
        database
          .select({
            workflow: lookupWorkflowSql,
            executionId: sql<string>`${execution_id}`,
            workflows: sql<
              string[]
            >`array_remove(array[max(nullif(${artifactTable.workflow_id}, '')), max(nullif(${artifactTable.dag_id}, ''))], null)`,
          })
          .from(artifactTable)
          .leftJoin(lineageLookupTable, lookupOfArtifact)
          .where(and(isNull(run_id), sql`${execution_id} <> ''`, isDue(due)))
          .groupBy(lookupWorkflowSql, execution_id)
          .orderBy(sql`min(${lineageLookupTable.checked_at}) nulls first`, sql`max(${id}) desc`)
          .limit(limit),
      ),

    incompleteRuns: (limit, due) =>
      guarded('lineage.incomplete_runs', async () => {
        const rows = await database
          .select({ runId: sql<string>`${run_id}` })
          .from(artifactTable)
          .leftJoin(lineageLookupTable, lookupOfArtifact)
          .where(and(isNotNull(run_id), isNull(experiment_id), isDue(due)))
          .groupBy(run_id)
          .orderBy(sql`min(${lineageLookupTable.checked_at}) nulls first`, sql`max(${id}) desc`)
          .limit(limit);
        return rows.map(({ runId }) => runId);
      }),
  };
}

type LinkedRow = {
  id: number;
  run_id: string;
  experiment_id: string;
  updated_at: string;
  workflow: string;
  execution_id: string | null;
};

const toLinked = (row: LinkedRow): LinkedArtifact => ({
  id: row.id,
  runId: row.run_id,
  experimentId: row.experiment_id,
  updatedAt: row.updated_at,
  workflow: row.workflow,
  executionId: row.execution_id,
});

/** One parameter, however long the list. */
function listOf(texts: readonly string[]): SQL {
  return sql`(select jsonb_array_elements_text(${JSON.stringify(texts)}::jsonb))`;
}

/** What MLflow said of the runs, for links and for the next look-up of the same workflow. */
function rememberRuns(database: Database, runs: readonly Omit<FoundRun, 'executionIds'>[]) {
  const rows = runs.flatMap(({ runId, experimentId, workflow, facts }) =>
    facts === null
      ? []
      : [
          {
            kind: 'run' as const,
            workflow: '',
            name: runId,
            status: 'linked' as const,
            experiment_id: experimentId,
            airflow_dag_id: facts.airflowDagId,
            airflow_run_id: facts.airflowRunId,
            workflow_name: workflow === '' ? null : workflow,
            shape: facts.shape,
          },
        ],
  );
  const byRun = [...new Map(rows.map((row) => [row.name, row])).values()];
  if (byRun.length === 0) return [];
  return [
    database
      .insert(lineageLookupTable)
      .values(byRun)
      .onConflictDoUpdate({
        target: [lineageLookupTable.kind, lineageLookupTable.workflow, lineageLookupTable.name],
        set: {
          status: sql`excluded.status`,
          reason: null,
          experiment_id: sql`excluded.experiment_id`,
          airflow_dag_id: sql`excluded.airflow_dag_id`,
          airflow_run_id: sql`excluded.airflow_run_id`,
          workflow_name: sql`coalesce(excluded.workflow_name, ${lineageLookupTable.workflow_name})`,
          shape: sql`coalesce(excluded.shape, ${lineageLookupTable.shape})`,
          checked_at: sql`now()`,
          next_check_at: null,
        },
      }),
  ];
}

function missesSql(misses: readonly Miss[]): SQL {
  const rows = misses.map((miss) => ({
    kind: miss.kind,
    workflow: miss.workflow,
    name: miss.name,
    status: miss.status,
    reason: miss.reason,
    final_reason: miss.finalReason,
    attempts: miss.attempts,
    wait_ms: miss.waitMs,
  }));
  const seen = lineageLookupTable;
  // The row that is there counts on; a new one starts at this look.
  const attempts = sql`coalesce(${seen.attempts}, 0) + given.attempts`;
  const isFinal = sql`(given.status = 'pending' and ${attempts} >= ${ATTEMPTS_UNTIL_UNRESOLVED}::int)`;
  const wait = sql`coalesce(given.wait_ms, least(3600000, 5000 * power(2, least(greatest(${attempts}, 1) - 1, 20))))`;
  return sql`insert into ${seen} (kind, workflow, name, status, reason, attempts, checked_at, next_check_at)
    select given.kind, given.workflow, given.name,
      case when ${isFinal} then 'unresolved' else given.status end,
      case when ${isFinal} then given.final_reason else given.reason end,
      ${attempts}, now(), now() + ${wait} * interval '1 millisecond'
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
      as given(kind text, workflow text, name text, status text, reason text, final_reason text, attempts int, wait_ms float8)
    left join ${seen} on ${seen.kind} = given.kind and ${seen.workflow} = given.workflow and ${seen.name} = given.name
    on conflict (kind, workflow, name) do update set
      status = excluded.status, reason = excluded.reason, attempts = excluded.attempts,
      checked_at = excluded.checked_at, next_check_at = excluded.next_check_at
    where ${seen.status} <> 'linked'`;
}
