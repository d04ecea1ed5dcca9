import { AppError } from '../errors.ts';
import type { Attachment, AttachOutcome } from './attach-lineage.repository.ts';
import type { AttachRequest } from './lineage.schema.ts';

/**
 * Links by hand and says of every artifact that was named what became of it. Throws `not_found` for
 * an unknown execution.
 */
export async function attachLineage(
  attach: (attachment: Attachment) => Promise<AttachOutcome[]>,
  request: AttachRequest,
): Promise<{ attached: number[]; skipped: { id: number; reason: string }[] }> {
  const { run_id: runId, overwrite, artifact_ids: artifactIds } = request;
  const target =
    artifactIds === undefined
      ? { executionId: request.execution_id ?? '', workflowId: request.workflow_id ?? '' }
      : { artifactIds: [...new Set(artifactIds)] };
  const outcomes = await attach({
    target,
    runId,
    experimentId: request.experiment_id ?? null,
    overwrite,
  });
  const known = new Set(outcomes.map(({ id }) => id));
  if (target.artifactIds === undefined && outcomes.length === 0) {
    throw new AppError('not_found', 'No artifact of this workflow names this execution.');
  }
  const skipped = outcomes
    .filter(({ isAttached }) => !isAttached)
    .map((outcome) => ({ id: outcome.id, reason: reasonOf(outcome, runId) }));
  const absent = (target.artifactIds ?? [])
    .filter((id) => !known.has(id))
    .map((id) => ({ id, reason: 'There is no such artifact.' }));
  return {
    attached: outcomes.filter(({ isAttached }) => isAttached).map(({ id }) => id),
    skipped: [...skipped, ...absent],
  };
}

function reasonOf({ previousRunId, previousExperimentId }: AttachOutcome, runId: string): string {
  if (previousRunId !== null && previousRunId !== runId)
    return `It names run ${previousRunId} already; "overwrite": true replaces it.`;
  return previousRunId === null
    ? `It names experiment ${previousExperimentId ?? ''} already; "overwrite": true replaces it.`
    : 'It names this run already.';
}
