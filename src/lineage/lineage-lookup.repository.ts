import { sql, type SQL } from 'drizzle-orm';
import { lineageLookupTable } from './lineage-lookup.table.ts';
import type { Database } from '../storage/database.ts';
import type { FoundRun, Miss } from './lineage.repository.ts';

/**
 * Looks that found nothing until an execution is called unresolved: doubling from 5 s, that is
 * after 43 minutes.
 */
const ATTEMPTS_UNTIL_UNRESOLVED = 10;

const { status, reason, airflow_dag_id, airflow_run_id, attempts, checked_at, next_check_at } =
  lineageLookupTable;
/** `LookupFacts` of a statement that reads look-ups. */
export const lookupColumns = sql`${status} as status, ${reason} as reason, ${airflow_dag_id} as airflow_dag_id,
  ${airflow_run_id} as airflow_run_id, ${attempts} as attempts, ${checked_at}::text as checked_at,
  ${next_check_at}::text as next_check_at`;

/** What MLflow said of the runs, for links and for the next look-up of the same workflow. */
export function rememberRuns(database: Database, runs: readonly Omit<FoundRun, 'executionIds'>[]) {
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
  const byRun = [...new Map(rows.map((row) => [row.name, row])).values()].toSorted((a, b) =>
    a.name < b.name ? -1 : 1,
  );
  if (byRun.length === 0) return null;
  return database
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
    });
}

/** Remembers misses, and gives them as they are remembered now. */
export function missesSql(misses: readonly Miss[]): SQL {
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
    order by given.kind, given.workflow, given.name
    on conflict (kind, workflow, name) do update set
      status = excluded.status, reason = excluded.reason, attempts = excluded.attempts,
      checked_at = case when excluded.attempts > ${seen.attempts} then excluded.checked_at else ${seen.checked_at} end,
      next_check_at = excluded.next_check_at
    where ${seen.status} <> 'linked'
    returning ${seen.workflow} as workflow, ${seen.name} as name, ${lookupColumns}`;
}
