import type { Lineage } from '../artifact/artifact.schema.ts';
import type { ArtifactRow } from '../artifact/artifact.table.ts';
import { isoTimestamp } from '../storage/iso-timestamp.ts';
import type { LineageLookupRow } from './lineage-lookup.table.ts';
import { lineageStatusOf } from './lineage-status.ts';

/** A row with what is known of its run, or of its execution while it names no run. */
export interface ArtifactRecord {
  readonly row: ArtifactRow;
  readonly lookup: RememberedLookup | null;
}

/** What a look-up left behind, as far as reading needs it. */
export type RememberedLookup = Pick<
  LineageLookupRow,
  | 'status'
  | 'reason'
  | 'airflow_dag_id'
  | 'airflow_run_id'
  | 'attempts'
  | 'checked_at'
  | 'next_check_at'
>;

/** As far as a look-up may have changed an artifact, what the database holds of it. */
export interface CurrentLineage {
  readonly row: Pick<ArtifactRow, 'id' | 'run_id' | 'experiment_id' | 'updated_at'>;
  readonly lookup: RememberedLookup | null;
}

/**
 * The record as it is now. Its row stays the same object where nothing of it has changed.
 * Undefined: nobody has read it again, or it is gone.
 */
export function overlay(
  record: ArtifactRecord,
  current: CurrentLineage | undefined,
): ArtifactRecord {
  if (current === undefined) return record;
  const { run_id, experiment_id, updated_at } = current.row;
  const { row } = record;
  const isSameRun = row.run_id === run_id && row.experiment_id === experiment_id;
  const isSame = isSameRun && row.updated_at === updated_at;
  return { row: isSame ? row : { ...row, ...current.row }, lookup: current.lookup };
}

/** Why an unlinked artifact is not linked, as far as its own row and the last look-up tell. */
export function unlinkedReason(
  of: Pick<ArtifactRow, 'run_id' | 'execution_id'> & { readonly lookupReason: string | null },
  mlflowProblem: string | null,
): string {
  if (of.run_id === null && (of.execution_id ?? '') === '') {
    return 'The artifact names no execution_id, so no run can be looked for.';
  }
  return mlflowProblem ?? of.lookupReason ?? 'MLflow has not been asked yet.';
}

/**
 * What is known without asking anybody. `mlflowProblem`: why nobody can be asked, or null.
 */
export function deriveLineage(
  { row, lookup }: ArtifactRecord,
  mlflowProblem: string | null,
): Lineage {
  const checked_at = lookup === null ? null : isoTimestamp(lookup.checked_at);
  const status = lineageStatusOf(row, lookup?.status ?? null, mlflowProblem === null);
  if (status === 'linked') return { status, source: 'stored', reason: null, checked_at };
  const source = row.run_id === null ? null : 'stored';
  const lookupReason = lookup === null || lookup.status === 'linked' ? null : lookup.reason;
  const reason = unlinkedReason({ ...row, lookupReason }, mlflowProblem);
  return { status, source, reason, checked_at };
}
