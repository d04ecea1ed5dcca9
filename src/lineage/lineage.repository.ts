import { and, isNotNull, sql, type SQL } from 'drizzle-orm';
import { artifactTable } from '../artifact/artifact.table.ts';
import type { LookupFacts } from './derive-lineage.ts';
import {
  hasNoExperimentSql,
  hasNoRunSql,
  lineageLookupTable,
  lookupOfArtifact,
  lookupWorkflowSql,
  type RunShape,
} from './lineage-lookup.table.ts';
import { type LineageStatus } from './lineage-status.ts';
import type { Database } from '../storage/database.ts';
import { guarded } from '../storage/database-errors.ts';
import { isoTimestamp } from '../storage/iso-timestamp.ts';
import { lookupColumns, missesSql, rememberRuns } from './lineage-lookup.repository.ts';

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
  /**
   * 1: a whole look, which a repair need not repeat. 0: nobody could be asked, or only a part was.
   */
  readonly attempts: 0 | 1;
  /**
   * Milliseconds until the next look; null: doubling from five seconds to an hour with the
   * attempts.
   */
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
  /** What is remembered of the run. */
  readonly lookup: LookupFacts | null;
}

/** A miss as it is remembered now. */
export interface RecordedMiss {
  readonly workflow: string;
  /** execution_id or run_id. */
  readonly name: string;
  readonly lookup: LookupFacts;
}

export interface LinkOutcome {
  readonly linked: readonly LinkedArtifact[];
  /** Executions with rows that name another experiment than the run's, and so stay as they are. */
  readonly conflicts: readonly { readonly workflow: string; readonly executionId: string }[];
}

export interface UnlinkedExecution {
  readonly workflow: string;
  readonly executionId: string;
  readonly workflowId: string | null;
  readonly workflows: readonly string[];
}

/**
 * What is due by its own memory, or everything that was not wholly looked at since an instant (ISO
 * 8601).
 */
export type DueLookups = 'due' | { readonly before: string };

export interface LineageRepository {
  /** Everything stored under these execution ids, of any workflow. */
  rowsOf(executionIds: readonly string[]): Promise<ExecutionRows[]>;
  /** How runs of these workflows were recognised so far, the most frequent first. */
  knownShapes(workflows: readonly string[]): Promise<Map<string, RunShape[]>>;
  /** Links every row of the executions that names no run yet, in one statement; says which. */
  link(found: readonly FoundRun[]): Promise<LinkOutcome>;
  /** Fills in the experiments of runs from what other rows or look-ups say of the same run. */
  completeFromKnown(runIds: readonly string[]): Promise<LinkedArtifact[]>;
  /** Fills in the experiment of every row that names one of the runs without it. */
  completeExperiments(runs: readonly Omit<FoundRun, 'executionIds'>[]): Promise<LinkedArtifact[]>;
  recordMisses(misses: readonly Miss[]): Promise<RecordedMiss[]>;
  /** Executions with rows that name no run, longest unchecked first. */
  unlinkedExecutions(limit: number, due: DueLookups): Promise<UnlinkedExecution[]>;
  /** Runs that rows name without their experiment. */
  incompleteRuns(limit: number, due: DueLookups): Promise<string[]>;
  /** The database's clock (ISO 8601), by which look-ups are dated. */
  now(): Promise<string>;
}

const { run_id, experiment_id, execution_id, id } = artifactTable;

export function createLineageRepository(database: Database): LineageRepository {
  /** Joined rows whose look-up is due. */
  const isDue = (due: DueLookups): SQL | undefined =>
    due === 'due'
      ? sql`(${lineageLookupTable.next_check_at} is null or ${lineageLookupTable.next_check_at} <= now())`
      : sql`(${lineageLookupTable.checked_at} is null or ${lineageLookupTable.attempts} = 0 or ${lineageLookupTable.checked_at} < ${due.before}::timestamptz)`;

  return {
    rowsOf: (executionIds) =>
      guarded('lineage.rows_of', async () =>
        database
          .selectDistinct({
            workflow: lookupWorkflowSql,
            executionId: sql<string>`${execution_id}`,
            runId: sql<string | null>`nullif(${run_id}, '')`,
            experimentId: sql<string | null>`nullif(${experiment_id}, '')`,
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
        for (const row of rows)
          known.set(row.workflow, [...(known.get(row.workflow) ?? []), row.shape]);
        return known;
      }),

    link: (found) =>
      guarded('lineage.link', async () => {
        if (found.length === 0) return { linked: [], conflicts: [] };
        const rows = found.flatMap(({ workflow, executionIds, runId, experimentId }) =>
          executionIds.map((name) => ({
            workflow,
            name,
            run_id: runId,
            experiment_id: experimentId,
          })),
        );
        const linked = sql`with given as (
            select * from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
              as given(workflow text, name text, run_id text, experiment_id text)
          ), locked as (
            -- In one order for everybody, so that two at once wait for each other and never in a circle.
            select ${id} as id, given.run_id, given.experiment_id
            from ${artifactTable} join given on ${execution_id} = given.name and ${lookupWorkflowSql} = given.workflow
            where ${hasNoRunSql} and (${hasNoExperimentSql} or ${artifactTable.experiment_id} = given.experiment_id)
            order by ${id} for update of ${artifactTable}
          ), linked as (
            update ${artifactTable} set run_id = locked.run_id, experiment_id = locked.experiment_id, updated_at = now()
            from locked
            where ${id} = locked.id and ${hasNoRunSql}
            returning ${linkedColumns}
          ), forgotten as (
            delete from ${lineageLookupTable} using linked
            where ${lineageLookupTable.kind} = 'execution' and ${lineageLookupTable.workflow} = linked.workflow
              and ${lineageLookupTable.name} = linked.execution_id
          )
          ${withFacts('linked')}
          union all
          select null, null, null, null, ${lookupWorkflowSql}, ${execution_id}, null, null, null, null, null, null, null
          from ${artifactTable} join given on ${execution_id} = given.name and ${lookupWorkflowSql} = given.workflow
          where ${hasNoRunSql} and ${artifactTable.experiment_id} <> '' and ${artifactTable.experiment_id} <> given.experiment_id`;
        return toOutcome(await afterRemembering(database, found, linked));
      }),

    completeFromKnown: (runIds) =>
      guarded('lineage.complete_from_known', async () => {
        const ids = listOf(runIds);
        const { rows } = await database.execute<LinkedRow>(sql`with said as (
            select ${run_id} as run_id, nullif(${experiment_id}, '') as experiment_id from ${artifactTable}
            where ${run_id} in ${ids}
            union
            select ${lineageLookupTable.name}, ${lineageLookupTable.experiment_id} from ${lineageLookupTable}
            where ${lineageLookupTable.kind} = 'run' and ${lineageLookupTable.workflow} = '' and ${lineageLookupTable.name} in ${ids}
          ), known as (
            select run_id, min(experiment_id) as experiment_id from said group by run_id having count(experiment_id) = 1
          ), linked as (
            update ${artifactTable} set experiment_id = known.experiment_id, updated_at = now() from known
            where ${artifactTable.run_id} = known.run_id and ${hasNoExperimentSql}
            returning ${linkedColumns}
          )
          ${withFacts('linked')}`);
        return rows.map(toLinked);
      }),

    completeExperiments: (runs) =>
      guarded('lineage.complete_experiments', async () => {
        if (runs.length === 0) return [];
        const rows = runs.map(({ runId, experimentId }) => ({
          run_id: runId,
          experiment_id: experimentId,
        }));
        const completed = sql`with linked as (
            update ${artifactTable} set experiment_id = given.experiment_id, updated_at = now()
            from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as given(run_id text, experiment_id text)
            where ${artifactTable.run_id} = given.run_id and ${hasNoExperimentSql}
            returning ${linkedColumns}
          )
          ${withFacts('linked')}`;
        return (await afterRemembering(database, runs, completed)).map(toLinked);
      }),

    now: () =>
      guarded('lineage.now', async () => {
        const { rows } = await database.execute<{ now: string }>(sql`select now()::text as now`);
        return isoTimestamp(rows[0]?.now ?? '');
      }),

    recordMisses: (misses) =>
      guarded('lineage.record_misses', async () => {
        if (misses.length === 0) return [];
        const { rows } = await database.execute<RecordedRow>(missesSql(misses));
        return rows.map(({ workflow, name, ...lookup }) => ({ workflow, name, lookup }));
      }),

    unlinkedExecutions: (limit, due) =>
      guarded('lineage.unlinked_executions', async () =>
        database
          .select({
            workflow: lookupWorkflowSql,
            executionId: sql<string>`${execution_id}`,
            workflowId: sql<string | null>`max(nullif(${artifactTable.workflow_id}, ''))`,
            workflows: sql<string[]>`array_remove(
              array_agg(distinct nullif(${artifactTable.workflow_id}, '')) || array_agg(distinct nullif(${artifactTable.dag_id}, '')), null)`,
          })
          .from(artifactTable)
          .leftJoin(lineageLookupTable, lookupOfArtifact)
          .where(and(hasNoRunSql, sql`${execution_id} <> ''`, isDue(due)))
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
          .where(and(sql`${run_id} <> ''`, hasNoExperimentSql, isDue(due)))
          .groupBy(run_id)
          .orderBy(sql`min(${lineageLookupTable.checked_at}) nulls first`, sql`max(${id}) desc`)
          .limit(limit);
        return rows.map(({ runId }) => runId);
      }),
  };
}

const linkedColumns = sql`${id} as id, ${artifactTable.run_id} as run_id, ${artifactTable.experiment_id} as experiment_id,
  ${artifactTable.updated_at}::text as updated_at, ${lookupWorkflowSql} as workflow, ${execution_id} as execution_id`;

/** Everything of a common table with `linkedColumns`, and what is remembered of the runs. */
function withFacts(name: string): SQL {
  const source = sql.raw(name);
  return sql`select ${source}.*, ${lookupColumns}
    from ${source} left join ${lineageLookupTable} on ${lineageLookupTable.kind} = 'run' and ${lineageLookupTable.workflow} = ''
      and ${lineageLookupTable.name} = ${source}.run_id`;
}

type LinkedRow = {
  /** Null: the execution has a row that did not take the run. */
  id: number | null;
  run_id: string;
  experiment_id: string;
  updated_at: string;
  workflow: string;
  execution_id: string | null;
} & { [Column in keyof LookupFacts]: LookupFacts[Column] | null };

type RecordedRow = { workflow: string; name: string } & LookupFacts;

function toOutcome(rows: readonly LinkedRow[]): LinkOutcome {
  const conflicts = rows.filter((row) => row.id === null);
  return {
    linked: rows.filter((row) => row.id !== null).map(toLinked),
    conflicts: conflicts.map((row) => ({
      workflow: row.workflow,
      executionId: row.execution_id ?? '',
    })),
  };
}

const toLinked = (row: LinkedRow): LinkedArtifact => ({
  id: row.id ?? 0,
  runId: row.run_id,
  experimentId: row.experiment_id,
  updatedAt: row.updated_at,
  workflow: row.workflow,
  executionId: row.execution_id,
  lookup: isRemembered(row) ? row : null,
});

/** Nothing was joined where there is no status. */
function isRemembered(row: LinkedRow): row is LinkedRow & LookupFacts {
  return row.status !== null;
}

/** One parameter, however long the list. */
function listOf(texts: readonly string[]): SQL {
  return sql`(select jsonb_array_elements_text(${JSON.stringify(texts)}::jsonb))`;
}

/** One transaction, so that what is remembered of the runs is there for the statement. */
async function afterRemembering(
  database: Database,
  runs: readonly Omit<FoundRun, 'executionIds'>[],
  statement: SQL,
): Promise<LinkedRow[]> {
  const remembering = rememberRuns(database, runs);
  const executed = database.execute<LinkedRow>(statement);
  if (remembering === null) return (await executed).rows;
  const [, { rows }] = await database.batch([remembering, executed]);
  return rows;
}
