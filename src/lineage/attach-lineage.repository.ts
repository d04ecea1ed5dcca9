import { sql, type SQL } from 'drizzle-orm';
import { artifactTable } from '../artifact/artifact.table.ts';
import type { Database } from '../storage/database.ts';
import { guarded } from '../storage/database-errors.ts';
import { executionForms, parseExecutionId } from './execution-id.ts';

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
  /** The run that the artifact named before. */
  readonly previousRunId: string | null;
  readonly isAttached: boolean;
}

/**
 * Links artifacts by hand, in one statement, and says what became of each that exists. A row that names another run is
 * left alone unless `overwrite`; one that names this run only gets its experiment.
 */
export async function attachRows(database: Database, attachment: Attachment): Promise<AttachOutcome[]> {
  const { runId, experimentId, overwrite } = attachment;
  const { id, run_id, experiment_id } = artifactTable;
  const statement = sql`with target as (
      select ${id} as id, ${run_id} as run_id from ${artifactTable} where ${condition(attachment.target)} for update
    ), attached as (
      update ${artifactTable} set
        run_id = ${runId},
        experiment_id = case when ${artifactTable.run_id} = ${runId}
          then coalesce(${experimentId}::text, ${experiment_id}) else ${experimentId}::text end,
        updated_at = now()
      from target
      where ${id} = target.id and (
        ${overwrite}::boolean
        or ${artifactTable.run_id} is null
        or (${artifactTable.run_id} = ${runId} and ${experiment_id} is null and ${experimentId}::text is not null))
      returning ${id} as id
    )
    select target.id, target.run_id, attached.id is not null as is_attached
    from target left join attached on attached.id = target.id order by target.id`;
  return guarded('lineage.attach', async () => {
    const { rows } = await database.execute<{ id: number; run_id: string | null; is_attached: boolean }>(
      statement,
    );
    return rows.map((row) => ({
      id: row.id,
      previousRunId: row.run_id,
      isAttached: row.is_attached,
    }));
  });
}

function condition(target: Attachment['target']): SQL {
  const { id, execution_id, workflow_id } = artifactTable;
  if ('artifactIds' in target) {
    const ids = JSON.stringify(target.artifactIds);
    return sql`${id} in (select value::int from jsonb_array_elements_text(${ids}::jsonb) as given(value))`;
  }
  // However the instant is written; a run id and an instant may be two executions.
  const { runType } = parseExecutionId(target.executionId);
  const forms = executionForms(target.executionId).filter(
    (text) => parseExecutionId(text).runType === runType,
  );
  return sql`${workflow_id} = ${target.workflowId}
    and ${execution_id} in (select jsonb_array_elements_text(${JSON.stringify(forms)}::jsonb))`;
}
