import { sql, type SQL } from 'drizzle-orm';
import { artifactTable } from '../artifact/artifact.table.ts';
import { guarded } from '../storage/database-errors.ts';
import type { Database } from '../storage/database.ts';
import { listOf } from '../storage/list-of.ts';
import { executionForms, isSameKind, parseExecutionId } from './execution-id.ts';
import { lookupWorkflowSql } from './lineage-lookup.table.ts';

/** Which artifacts get which run. */
export interface Attachment {
  readonly target:
    | { readonly artifactIds: readonly number[] }
    | { readonly executionId: string; readonly workflowId: string };
  readonly runId: string;
  /** Null: looked up in MLflow when somebody reads the artifact. */
  readonly experimentId: string | null;
  /** Replace a run that is there already. */
  readonly overwrite: boolean;
}

export interface AttachOutcome {
  readonly id: number;
  /** What the artifact named before. */
  readonly previousRunId: string | null;
  readonly previousExperimentId: string | null;
  readonly isAttached: boolean;
}

/**
 * Links artifacts by hand, in one statement, and says what became of each that exists. A row that
 * names another run is left alone unless `overwrite`, and so is one that names another experiment;
 * one that names this run only gets its experiment.
 */
export async function attachRows(
  database: Database,
  attachment: Attachment,
): Promise<AttachOutcome[]> {
  const { runId, experimentId, overwrite } = attachment;
  const { id, run_id, experiment_id } = artifactTable;
  const statement = sql`with given as (
      select ${runId}::text as run_id, ${experimentId}::text as experiment_id,
        ${overwrite}::boolean as overwrite
    ), target as (
      select ${id} as id, nullif(${run_id}, '') as run_id,
        nullif(${experiment_id}, '') as experiment_id
      from ${artifactTable} where ${condition(attachment.target)} for update
    ), attached as (
      update ${artifactTable} set
        run_id = given.run_id,
        -- Of a run that is replaced the experiment goes, too.
        experiment_id = case when target.run_id <> given.run_id then given.experiment_id
          else coalesce(given.experiment_id, target.experiment_id) end,
        updated_at = now()
      from target cross join given
      where ${id} = target.id and (given.overwrite or (
        coalesce(target.run_id, given.run_id) = given.run_id
        and coalesce(target.experiment_id, given.experiment_id, '')
          = coalesce(given.experiment_id, target.experiment_id, '')
        and (target.run_id is null
          or (target.experiment_id is null and given.experiment_id is not null))))
      returning ${id} as id
    )
    select target.id, target.run_id, target.experiment_id, attached.id is not null as is_attached
    from target left join attached on attached.id = target.id order by target.id`;
  return guarded('lineage.attach', async () => {
    const { rows } = await database.execute<{
      id: number;
      run_id: string | null;
      experiment_id: string | null;
      is_attached: boolean;
    }>(statement);
    return rows.map((row) => ({
      id: row.id,
      previousRunId: row.run_id,
      previousExperimentId: row.experiment_id,
      isAttached: row.is_attached,
    }));
  });
}

function condition(target: Attachment['target']): SQL {
  const { id, execution_id } = artifactTable;
  if ('artifactIds' in target) {
    const ids = JSON.stringify(target.artifactIds);
    return sql`${id} in
      (select value::int from jsonb_array_elements_text(${ids}::jsonb) as given(value))`;
  }
  // However the instant is written; a run id and an instant may be two executions.
  const wanted = parseExecutionId(target.executionId);
  const forms = executionForms(target.executionId).filter((text) =>
    isSameKind(parseExecutionId(text), wanted),
  );
  return sql`${lookupWorkflowSql} = ${target.workflowId}
    and ${execution_id} in ${listOf(forms)}`;
}
