import { toWire } from '../artifact/artifact-wire.ts';
import type { Artifact } from '../artifact/artifact.schema.ts';
import type { ArtifactRecord } from '../lineage/derive-lineage.ts';
import { parseExecutionId } from '../lineage/execution-id.ts';
import type { HydratedArtifact } from '../lineage/hydrate.ts';
import { artifactLinks, type AirflowRun, type LinkBases } from './links.ts';

/** An artifact as it goes over the wire. `origin` is the API's own, as the caller reached it. */
export function presentArtifact(
  { record, lineage }: HydratedArtifact,
  origin: string,
  bases: LinkBases,
): Artifact {
  const links = artifactLinks(record.row, airflowRunOf(record), origin, bases);
  return { ...toWire(record.row), lineage, links };
}

/**
 * The Airflow run: its id is the execution_id, or a tag of the MLflow run. A bare date alone names
 * no run for sure.
 */
export function airflowRunOf({ row, lookup }: ArtifactRecord): AirflowRun | null {
  const runId = isAirflowRunId(row.execution_id)
    ? row.execution_id
    : (lookup?.airflow_run_id ?? null);
  const dagId = row.dag_id ?? lookup?.airflow_dag_id ?? null;
  return runId === null || runId === '' || dagId === null || dagId === '' ? null : { runId, dagId };
}

function isAirflowRunId(text: string | null): text is string {
  return text !== null && parseExecutionId(text).runType !== null;
}
