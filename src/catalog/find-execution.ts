import { AppError, invalidInput } from '../errors.ts';
import { executionForms } from '../lineage/execution-id.ts';
import type { Hydration } from '../lineage/hydrate.ts';
import type { ExecutionRepository } from './execution.repository.ts';
import type { ArtifactGroupOnWire, ExecutionQuery } from './group.schema.ts';
import type { LinkBases } from './links.ts';
import { presentArtifact } from './present-artifact.ts';
import { presentGroup } from './present-group.ts';
import { summarizeKinds } from './summarize-kinds.ts';

const ID_MAX_CHARACTERS = 255;
const WORKFLOWS_NAMED_MAX = 20;

/**
 * One execution with its artifacts, by any usual way to write its id. `origin` is the API's own, as
 * the caller reached it. Throws `not_found`, or `invalid_input` that names `workflow_id` where
 * several workflows share the id.
 */
export async function findExecution(
  deps: {
    readonly executions: ExecutionRepository;
    readonly hydration: Hydration;
    readonly bases: LinkBases;
  },
  executionId: string,
  { workflow_id: workflowId, include }: ExecutionQuery,
  origin: string,
): Promise<ArtifactGroupOnWire> {
  if (!isStorable(executionId)) throw noExecution();
  const { records, workflowIds, kinds } = await deps.executions.find({
    executionIds: executionForms(executionId),
    workflowId: workflowId === '' ? null : workflowId,
    includeBars: include === 'bars',
  });
  const [newest] = records;
  if (newest === undefined) throw noExecution();
  if (workflowId === undefined && workflowIds.length > 1) throw sharedExecution(workflowIds);
  const isAsAsked = records.some(({ row }) => row.execution_id === executionId);
  const facts = {
    workflowId: newest.row.workflow_id || null,
    executionId: isAsAsked ? executionId : newest.row.execution_id,
    ...summarizeKinds(kinds),
  };
  const members = await deps.hydration.execution(records);
  const artifacts = members.map((member) => presentArtifact(member, origin, deps.bases));
  return presentGroup(facts, members, artifacts, origin, deps.bases);
}

/** Whether the column could hold it; no other id is anybody's. */
function isStorable(executionId: string): boolean {
  return !executionId.includes('\0') && [...executionId].length <= ID_MAX_CHARACTERS;
}

function noExecution(): AppError {
  return new AppError('not_found', 'No artifact names this execution.');
}

/** Names the workflows that may be meant, as far as a person reads. */
export function sharedExecution(workflowIds: readonly (string | null)[]): AppError {
  const names = workflowIds
    .map((name) => (name === null ? '"" (none)' : JSON.stringify(name)))
    .toSorted();
  const named = names.slice(0, WORKFLOWS_NAMED_MAX).join(', ');
  const unnamed = names.length - WORKFLOWS_NAMED_MAX;
  const more = unnamed > 0 ? ` and ${unnamed} more` : '';
  const message = `must be one of those that share this execution_id: ${named}${more}`;
  return invalidInput([{ field: 'workflow_id', message }]);
}
