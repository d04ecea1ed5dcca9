import { sql, type SQL } from 'drizzle-orm';
import type { Database } from '../storage/database.ts';
import { lineageLookupTable } from './lineage-lookup.table.ts';
import { finalSentenceOf, sentenceOf } from './outcome-sentences.ts';
import { statusOf, type FoundRun, type MissedSubject } from './outcome.ts';

/**
 * Looks that found nothing until an execution is called unresolved: doubling from 5 s, that is
 * after 43 minutes.
 */
const ATTEMPTS_UNTIL_UNRESOLVED = 10;
const WAIT_MIN_MS = 5_000;
const WAIT_MAX_MS = 3_600_000;

/** What MLflow said of the runs, for links and for the next look-up of the same workflow. */
export function rememberRuns(database: Database, runs: readonly FoundRun[]) {
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

/**
 * Remembers looks in vain: each whole one counts, doubles the wait until the next, and after many of them
 * what is pending is called unresolved. What is linked stays as it is.
 */
export function rememberMissedSql(misses: readonly MissedSubject[]): SQL {
  const rows = misses.map(({ subject, missed: { reason, look, waitMs } }) => ({
    kind: subject.kind,
    workflow: subject.kind === 'run' ? '' : subject.workflow,
    name: subject.kind === 'run' ? subject.runId : subject.id.text,
    status: statusOf(reason),
    reason: sentenceOf(reason),
    final_reason: finalSentenceOf(reason),
    attempts: look === 'part' ? 0 : 1,
    wait_ms: waitMs,
  }));
  const seen = lineageLookupTable;
  // The row that is there counts on; a new one starts at this look.
  const attempts = sql`coalesce(${seen.attempts}, 0) + given.attempts`;
  const isFinal = sql`(given.status = 'pending'
    and ${attempts} >= ${ATTEMPTS_UNTIL_UNRESOLVED}::int)`;
  // A part of a look does not take back what a whole one found out.
  const isKept = sql`(given.attempts = 0 and given.status = 'pending'
    and ${seen.status} = 'unresolved')`;
  const doublings = sql`least(greatest(${attempts}, 1) - 1, 20)`;
  const wait = sql`coalesce(given.wait_ms,
    least(${WAIT_MAX_MS}::int, ${WAIT_MIN_MS}::int * power(2, ${doublings})))`;
  return sql`insert into ${seen}
      (kind, workflow, name, status, reason, attempts, checked_at, next_check_at)
    select given.kind, given.workflow, given.name,
      case when ${isKept} or ${isFinal} then 'unresolved' else given.status end,
      case when ${isKept} then ${seen.reason} when ${isFinal} then given.final_reason
        else given.reason end,
      ${attempts}, now(), now() + ${wait} * interval '1 millisecond'
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as given(kind text, workflow text,
      name text, status text, reason text, final_reason text, attempts int, wait_ms float8)
    left join ${seen} on ${seen.kind} = given.kind and ${seen.workflow} = given.workflow
      and ${seen.name} = given.name
    order by given.kind, given.workflow, given.name
    on conflict (kind, workflow, name) do update set
      status = excluded.status, reason = excluded.reason, attempts = excluded.attempts,
      checked_at = case when excluded.attempts > ${seen.attempts} then excluded.checked_at
        else ${seen.checked_at} end,
      next_check_at = excluded.next_check_at
    where ${seen.status} <> 'linked'`;
}
