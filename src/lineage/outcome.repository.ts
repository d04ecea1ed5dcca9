import { sql, type SQL } from 'drizzle-orm';
import { artifactTable } from '../artifact/artifact.table.ts';
import { guarded } from '../storage/database-errors.ts';
import type { Database } from '../storage/database.ts';
import { listOf } from '../storage/list-of.ts';
import type { CurrentLineage } from './derive-lineage.ts';
import { rememberMissedSql, rememberRuns } from './lineage-lookup.repository.ts';
import {
  hasNoExperimentSql,
  hasNoRunSql,
  lineageLookupTable,
  lookupOfArtifact,
  lookupWorkflowSql,
} from './lineage-lookup.table.ts';
import type { FoundRun, MissedSubject } from './outcome.ts';
import type { WrittenLinks } from './settle.ts';

/** An artifact that names run and experiment now, and did not before. */
export interface LinkedArtifact {
  readonly id: number;
  readonly runId: string;
  readonly experimentId: string;
  /** workflow_id, else dag_id, else ''. */
  readonly workflow: string;
  readonly executionId: string | null;
}

/** What a write changed, and in the same transaction, how the artifacts in hand are now. */
export interface Written {
  readonly linked: readonly LinkedArtifact[];
  readonly current: readonly CurrentLineage[];
}

/** Writes what became of subjects. `ids`: the artifacts in hand, to be read back. */
export interface OutcomeRepository {
  /** Links every row of the executions that names no run yet, in one statement; says which. */
  link(
    found: readonly FoundRun[],
    ids: readonly number[],
  ): Promise<Written & Pick<WrittenLinks, 'conflicts'>>;
  /** Fills in the experiments of runs from what other rows or look-ups say of the same run. */
  completeFromKnown(runIds: readonly string[], ids: readonly number[]): Promise<Written>;
  /** Fills in the experiment of every row that names one of the runs without it. */
  complete(runs: readonly FoundRun[], ids: readonly number[]): Promise<Written>;
  remember(missed: readonly MissedSubject[], ids: readonly number[]): Promise<Written>;
  readBack(ids: readonly number[]): Promise<Written>;
}

const { run_id, experiment_id, execution_id, updated_at, id } = artifactTable;

export function createOutcomeRepository(database: Database): OutcomeRepository {
  const currentOf = (ids: readonly number[]) => {
    const { status, reason, airflow_dag_id, airflow_run_id } = lineageLookupTable;
    const { attempts, checked_at, next_check_at } = lineageLookupTable;
    const told = { status, reason, airflow_dag_id, airflow_run_id };
    return database
      .select({
        row: { id, run_id, experiment_id, updated_at },
        lookup: { ...told, attempts, checked_at, next_check_at },
      })
      .from(artifactTable)
      .leftJoin(lineageLookupTable, lookupOfArtifact)
      .where(sql`${id} = any(${`{${ids.join(',')}}`}::int[])`);
  };

  /** One transaction: what is remembered of the runs, the change, how the artifacts are now. */
  async function write(
    runs: readonly FoundRun[],
    statement: SQL,
    ids: readonly number[],
  ): Promise<{ rows: ChangedRow[]; current: CurrentLineage[] }> {
    const remembering = rememberRuns(database, runs);
    const changing = database.execute<ChangedRow>(statement);
    const reading = currentOf(ids);
    if (ids.length === 0) {
      if (remembering === null) return { rows: (await changing).rows, current: [] };
      const [, { rows }] = await database.batch([remembering, changing]);
      return { rows, current: [] };
    }
    if (remembering === null) {
      const [{ rows }, current] = await database.batch([changing, reading]);
      return { rows, current };
    }
    const [, { rows }, current] = await database.batch([remembering, changing, reading]);
    return { rows, current };
  }

  return {
    link: (found, ids) =>
      guarded('lineage.link', async () => {
        const { rows, current } = await write(found, linkSql(found), ids);
        const conflicts = rows.filter((row) => row.id === null);
        return {
          linked: rows.flatMap(toLinked),
          conflicts: conflicts.map(({ workflow, execution_id: executionId }) => ({
            workflow,
            executionId: executionId ?? '',
          })),
          current,
        };
      }),

    completeFromKnown: (runIds, ids) =>
      guarded('lineage.complete_from_known', async () => {
        const { rows, current } = await write([], completeFromKnownSql(runIds), ids);
        return { linked: rows.flatMap(toLinked), current };
      }),

    complete: (runs, ids) =>
      guarded('lineage.complete', async () => {
        const { rows, current } = await write(runs, completeSql(runs), ids);
        return { linked: rows.flatMap(toLinked), current };
      }),

    remember: (missed, ids) =>
      guarded('lineage.remember', async () => {
        const { current } = await write([], rememberMissedSql(missed), ids);
        return { linked: [], current };
      }),

    readBack: (ids) =>
      guarded('lineage.read_back', async () => ({ linked: [], current: await currentOf(ids) })),
  };
}

type ChangedRow = {
  /** Null: the execution has a row that did not take the run. */
  id: number | null;
  run_id: string;
  experiment_id: string;
  workflow: string;
  execution_id: string | null;
};

const changedColumns = sql`${id} as id, ${run_id} as run_id, ${experiment_id} as experiment_id,
  ${lookupWorkflowSql} as workflow, ${execution_id} as execution_id`;

function toLinked(row: ChangedRow): LinkedArtifact[] {
  if (row.id === null) return [];
  return [
    {
      id: row.id,
      runId: row.run_id,
      experimentId: row.experiment_id,
      workflow: row.workflow,
      executionId: row.execution_id,
    },
  ];
}

function linkSql(found: readonly FoundRun[]): SQL {
  const rows = found.flatMap(({ workflow, executionIds, runId, experimentId }) =>
    executionIds.map((name) => ({ workflow, name, run_id: runId, experiment_id: experimentId })),
  );
  const isGiven = sql`${execution_id} = given.name and ${lookupWorkflowSql} = given.workflow`;
  return sql`with given as (
      select * from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
        as given(workflow text, name text, run_id text, experiment_id text)
    ), locked as (
      -- In one order for everybody, so that two at once wait for each other, never in a circle.
      select ${id} as id, given.run_id, given.experiment_id
      from ${artifactTable} join given on ${isGiven}
      where ${hasNoRunSql} and (${hasNoExperimentSql} or ${experiment_id} = given.experiment_id)
      order by ${id} for update of ${artifactTable}
    ), linked as (
      update ${artifactTable}
      set run_id = locked.run_id, experiment_id = locked.experiment_id, updated_at = now()
      from locked
      where ${id} = locked.id and ${hasNoRunSql}
      returning ${changedColumns}
    ), forgotten as (
      delete from ${lineageLookupTable} using linked
      where ${lineageLookupTable.kind} = 'execution'
        and ${lineageLookupTable.workflow} = linked.workflow
        and ${lineageLookupTable.name} = linked.execution_id
    )
    select * from linked
    union all
    select null, null, null, ${lookupWorkflowSql}, ${execution_id}
    from ${artifactTable} join given on ${isGiven}
    where ${hasNoRunSql} and ${experiment_id} <> '' and ${experiment_id} <> given.experiment_id`;
}

function completeFromKnownSql(runIds: readonly string[]): SQL {
  const ids = listOf(runIds);
  const { kind, workflow, name, experiment_id: remembered } = lineageLookupTable;
  return sql`with said as (
      select ${run_id} as run_id, nullif(${experiment_id}, '') as experiment_id
      from ${artifactTable} where ${run_id} in ${ids}
      union
      select ${name}, ${remembered} from ${lineageLookupTable}
      where ${kind} = 'run' and ${workflow} = '' and ${name} in ${ids}
    ), known as (
      select run_id, min(experiment_id) as experiment_id from said
      group by run_id having count(experiment_id) = 1
    )
    update ${artifactTable} set experiment_id = known.experiment_id, updated_at = now() from known
    where ${artifactTable.run_id} = known.run_id and ${hasNoExperimentSql}
    returning ${changedColumns}`;
}

function completeSql(runs: readonly FoundRun[]): SQL {
  const rows = runs.map(({ runId, experimentId }) => ({
    run_id: runId,
    experiment_id: experimentId,
  }));
  return sql`update ${artifactTable}
    set experiment_id = given.experiment_id, updated_at = now()
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
      as given(run_id text, experiment_id text)
    where ${run_id} = given.run_id and ${hasNoExperimentSql}
    returning ${changedColumns}`;
}
