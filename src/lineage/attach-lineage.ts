import type { Attachment, AttachOutcome } from './attach-lineage.repository.ts';
import type { AttachRequest } from './lineage.schema.ts';

/** Links by hand and says of every artifact that was named what became of it. */
export async function attachLineage(
  attach: (attachment: Attachment) => Promise<AttachOutcome[]>,
  request: AttachRequest,
): Promise<{ attached: number[]; skipped: { id: number; reason: string }[] }> {
  const { run_id: runId, overwrite, artifact_ids: artifactIds } = request;
  const target =
    artifactIds === undefined
      ? { executionId: request.execution_id ?? '', workflowId: request.workflow_id ?? '' }
      : { artifactIds: [...new Set(artifactIds)] };
  const outcomes = await attach({ target, runId, experimentId: request.experiment_id ?? null, overwrite });
  const known = new Set(outcomes.map(({ id }) => id));
  const skipped = outcomes.flatMap(({ id, previousRunId, isAttached }) =>
    isAttached
      ? []
      : [
          {
            id,
            reason:
              previousRunId === runId
                ? 'It names this run already.'
                : `It names run ${previousRunId ?? ''} already; "overwrite": true replaces it.`,
          },
        ],
  );
  const absent = (target.artifactIds ?? [])
    .filter((id) => !known.has(id))
    .map((id) => ({ id, reason: 'There is no such artifact.' }));
  return {
    attached: outcomes.filter(({ isAttached }) => isAttached).map(({ id }) => id),
    skipped: [...skipped, ...absent],
  };
}
