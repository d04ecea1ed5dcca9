import { isoTimestamp } from '../storage/iso-timestamp.ts';
import type { Lineage } from './artifact.schema.ts';
import type { ArtifactRow } from './artifact.table.ts';
import type { LineageLookupRow } from './lineage-lookup.table.ts';

/** A row with what is known of its run, or of its execution while it names no run. */
export interface ArtifactRecord {
  readonly row: ArtifactRow;
  readonly lookup: LookupFacts | null;
}

/** What a look-up left behind, as far as reading needs it. */
export type LookupFacts = Pick<
  LineageLookupRow,
  'status' | 'reason' | 'airflow_dag_id' | 'airflow_run_id' | 'attempts' | 'checked_at' | 'next_check_at'
>;

/** What is known without asking anybody; `lineageStatusSql` is its twin in SQL. `mlflowProblem`: why nobody can be asked. */
export function deriveLineage({ row, lookup }: ArtifactRecord, mlflowProblem: string | null): Lineage {
  const checked_at = lookup === null ? null : isoTimestamp(lookup.checked_at);
  if (row.run_id !== null && row.experiment_id !== null) {
    return { status: 'linked', source: 'stored', reason: null, checked_at };
  }
  const unlinked = (status: Lineage['status'], reason: string): Lineage => ({
    status,
    source: row.run_id === null ? null : 'stored',
    reason,
    checked_at,
  });
  if (row.run_id === null && (row.execution_id ?? '') === '') {
    return unlinked('unresolved', 'The artifact names no execution_id, so no run can be looked for.');
  }
  if (mlflowProblem !== null) return unlinked('unavailable', mlflowProblem);
  if (lookup !== null && lookup.status !== 'linked') {
    return unlinked(lookup.status, lookup.reason ?? 'No reason was recorded.');
  }
  return unlinked('pending', 'MLflow has not been asked yet.');
}
