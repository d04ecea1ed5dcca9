import type { ArtifactGroupOnWire, ExecutionListQuery, ExecutionQuery } from './group.schema.ts';
import type {
  ArtifactGroup,
  ArtifactGroupPage,
  ArtifactGroupRepository,
} from './group.repository.ts';
import { isGroupSort, type ArtifactListQuery } from './list.schema.ts';
import type { Artifact } from '../artifact/artifact.schema.ts';
import type { ExecutionRepository } from './execution.repository.ts';
import { summarizeKinds } from './summarize-kinds.ts';
import { cursorScope, readCursor, writeCursor } from './page-cursor.ts';
import { AppError, invalidInput } from '../errors.ts';
import { executionForms } from '../lineage/execution-id.ts';
import type { Hydration } from '../lineage/hydrate.ts';
import type { LinkBases } from './links.ts';
import { presentArtifact } from './present-artifact.ts';
import { presentGroup, type GroupFacts } from './present-group.ts';

export interface ExecutionReaderDependencies {
  readonly groups: ArtifactGroupRepository;
  readonly executions: ExecutionRepository;
  readonly hydration: Hydration;
  readonly bases: LinkBases;
}

export interface ExecutionReader {
  /**
   * `GET /api/artifacts?group_by=execution_id`. `origin`: the API's own, as the caller reached it.
   */
  listGroups(
    query: ArtifactListQuery,
    origin: string,
  ): Promise<{
    groups: ArtifactGroupOnWire[];
    grouped: Record<string, Artifact[]>;
    group_count: number;
    total: number;
    next_cursor: string | null;
  }>;
  listExecutions(
    query: ExecutionListQuery,
    origin: string,
  ): Promise<{ executions: ArtifactGroupOnWire[]; total: number; next_cursor: string | null }>;
  /**
   * Throws `not_found`, or `invalid_input` that names `workflow_id` where several workflows share
   * the id.
   */
  findExecution(
    executionId: string,
    query: ExecutionQuery,
    origin: string,
  ): Promise<ArtifactGroupOnWire>;
}

const UNGROUPED = 'ungrouped';
const ID_MAX_CHARACTERS = 255;
const WORKFLOWS_NAMED_MAX = 20;

export function createExecutionReader(deps: ExecutionReaderDependencies): ExecutionReader {
  const { groups, executions, hydration, bases } = deps;

  /** All groups of a page are looked up together. */
  const present = async (
    page: ArtifactGroupPage,
    origin: string,
  ): Promise<ArtifactGroupOnWire[]> => {
    const hydrated = await hydration.many(page.groups.flatMap(({ records }) => records));
    let at = 0;
    return page.groups.map((group) => {
      const members = hydrated.slice(at, (at += group.records.length));
      const artifacts = members.map((member) => presentArtifact(member, origin, bases));
      return presentGroup(group, members, artifacts, origin, bases);
    });
  };

  const readPage = async (
    kind: 'groups' | 'executions',
    { sort, limit, cursor, include, ...filter }: ExecutionListQuery,
  ) => {
    const scope = cursorScope(kind, sort, filter);
    const page = await groups.page({
      filter,
      sort,
      limit,
      after: cursor === undefined ? null : await readCursor(scope, cursor),
      includeBars: include === 'bars',
      executionsOnly: kind === 'executions',
    });
    return { page, nextCursor: page.next === null ? null : await writeCursor(scope, page.next) };
  };

  return {
    async listGroups({ group_by: _grouping, sort, ...query }, origin) {
      if (!isGroupSort(sort))
        throw new TypeError('the schema lets groups be sorted by created_at only');
      const { page, nextCursor } = await readPage('groups', { ...query, sort });
      const presented = await present(page, origin);
      const entries = presented.map((one, i): [string, Artifact[]] => [
        keyOf(page.groups[i]),
        one.artifacts,
      ]);
      return {
        groups: presented,
        grouped: Object.fromEntries(entries),
        group_count: page.groupCount,
        total: page.total,
        next_cursor: nextCursor,
      };
    },

    async listExecutions(query, origin) {
      const { page, nextCursor } = await readPage('executions', query);
      const presented = await present(page, origin);
      return { executions: presented, total: page.groupCount, next_cursor: nextCursor };
    },

    async findExecution(executionId, { workflow_id: workflowId, include }, origin) {
      if (executionId.includes('\0') || [...executionId].length > ID_MAX_CHARACTERS)
        throw noExecution();
      const found = await executions.find({
        executionIds: executionForms(executionId),
        workflowId: workflowId === '' ? null : workflowId,
        includeBars: include === 'bars',
      });
      const [newest] = found.records;
      if (newest === undefined) throw noExecution();
      if (workflowId === undefined && found.workflowIds.length > 1)
        throw sharedExecution(found.workflowIds);
      const isAsAsked = found.records.some(({ row }) => row.execution_id === executionId);
      const facts: GroupFacts = {
        workflowId: newest.row.workflow_id || null,
        executionId: isAsAsked ? executionId : newest.row.execution_id,
        ...summarizeKinds(found.kinds),
      };
      const members = await hydration.execution(found.records);
      const artifacts = members.map((member) => presentArtifact(member, origin, bases));
      return presentGroup(facts, members, artifacts, origin, bases);
    },
  };
}

/**
 * Of a group in `grouped`. An execution that is called like the group without one is told apart by
 * its workflow.
 */
function keyOf(group: ArtifactGroup | undefined): string {
  if (group === undefined || group.executionId === null) return UNGROUPED;
  const { workflowId, executionId, isShared } = group;
  return isShared || executionId === UNGROUPED ? `${workflowId ?? ''}/${executionId}` : executionId;
}

function noExecution(): AppError {
  return new AppError('not_found', 'No artifact names this execution.');
}

function sharedExecution(workflowIds: readonly (string | null)[]): AppError {
  const names = workflowIds
    .map((name) => (name === null ? '"" (none)' : JSON.stringify(name)))
    .toSorted();
  const more =
    names.length > WORKFLOWS_NAMED_MAX ? ` and ${names.length - WORKFLOWS_NAMED_MAX} more` : '';
  return invalidInput([
    {
      field: 'workflow_id',
      message: `must be one of those that share this execution_id: ${names.slice(0, WORKFLOWS_NAMED_MAX).join(', ')}${more}`,
    },
  ]);
}
