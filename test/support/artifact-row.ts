import type { ArtifactRow } from '../../src/artifact/artifact.table.ts';
import type { ArtifactRecord, RememberedLookup } from '../../src/lineage/derive-lineage.ts';
import type { HydratedArtifact } from '../../src/lineage/hydrate.ts';

/** A row as the database gives it, with nothing in it but what is named. */
export function artifactRow(named: Partial<ArtifactRow> = {}): ArtifactRow {
  return {
    id: 1,
    name: 'analysis',
    type: 'llm',
    symbol: null,
    run_id: null,
    experiment_id: null,
    workflow_id: null,
    execution_id: null,
    step_name: null,
    dag_id: null,
    task_id: null,
    prompt: null,
    response: null,
    prompt_length: null,
    response_length: null,
    model_name: null,
    image_path: null,
    chart_type: null,
    chart_data: null,
    action: null,
    confidence: null,
    signal_data: null,
    artifact_metadata: null,
    created_at: '2025-11-15 13:55:58.123456+00',
    updated_at: null,
    ...named,
  };
}

export function rememberedLookup(named: Partial<RememberedLookup> = {}): RememberedLookup {
  return {
    status: 'pending',
    reason: null,
    airflow_dag_id: null,
    airflow_run_id: null,
    attempts: 0,
    checked_at: '2025-11-15 14:00:00+00',
    next_check_at: null,
    ...named,
  };
}

/** `status`: what is told of its lineage, whatever the row says. */
export function hydratedArtifact(
  row: Partial<ArtifactRow>,
  status: HydratedArtifact['lineage']['status'],
  lookup: ArtifactRecord['lookup'] = null,
): HydratedArtifact {
  const reason = status === 'linked' ? null : `it is ${status}`;
  const lineage = { status, source: null, reason, checked_at: null };
  return { record: { row: artifactRow(row), lookup }, lineage };
}
