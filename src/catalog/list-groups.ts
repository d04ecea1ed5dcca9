import type { Artifact } from '../artifact/artifact.schema.ts';
import type { Hydration } from '../lineage/hydrate.ts';
import type {
  ArtifactGroup,
  ArtifactGroupPage,
  ArtifactGroupRepository,
} from './group.repository.ts';
import type { ArtifactGroupOnWire, ExecutionListQuery } from './group.schema.ts';
import type { LinkBases } from './links.ts';
import { isGroupSort, type ArtifactListQuery } from './list.schema.ts';
import { cursorScope, readCursor, writeCursor } from './page-cursor.ts';
import { presentArtifact } from './present-artifact.ts';
import { presentGroup } from './present-group.ts';

export interface ListGroupsDependencies {
  readonly groups: ArtifactGroupRepository;
  readonly hydration: Hydration;
  readonly bases: LinkBases;
}

export interface ListedGroups {
  readonly groups: ArtifactGroupOnWire[];
  /** The same artifacts by `groupKey`. */
  readonly grouped: Record<string, Artifact[]>;
  readonly group_count: number;
  readonly total: number;
  readonly next_cursor: string | null;
}

export interface ListedExecutions {
  readonly executions: ArtifactGroupOnWire[];
  readonly total: number;
  readonly next_cursor: string | null;
}

const UNGROUPED = 'ungrouped';

/**
 * `GET /api/artifacts?group_by=execution_id`. `origin` is the API's own, as the caller reached it.
 * Throws `invalid_input` that names `cursor` when that belongs to another list.
 */
export async function listGroups(
  deps: ListGroupsDependencies,
  { group_by: _grouping, sort, ...query }: ArtifactListQuery,
  origin: string,
): Promise<ListedGroups> {
  if (!isGroupSort(sort)) throw new TypeError('the schema lets groups be sorted by created_at');
  const { page, nextCursor } = await readPage(deps.groups, 'groups', { ...query, sort });
  const groups = await present(deps, page, origin);
  const entries = groups.map((one, i): [string, Artifact[]] => [
    groupKey(page.groups[i]),
    one.artifacts,
  ]);
  return {
    groups,
    grouped: Object.fromEntries(entries),
    group_count: page.groupCount,
    total: page.total,
    next_cursor: nextCursor,
  };
}

/** The same without artifacts that name no execution. */
export async function listExecutions(
  deps: ListGroupsDependencies,
  query: ExecutionListQuery,
  origin: string,
): Promise<ListedExecutions> {
  const { page, nextCursor } = await readPage(deps.groups, 'executions', query);
  const executions = await present(deps, page, origin);
  return { executions, total: page.groupCount, next_cursor: nextCursor };
}

/**
 * What a group is called in `grouped`: its execution_id, with its workflow where workflows share
 * that, or where it is the word for the one group without execution.
 */
export function groupKey(
  group: Pick<ArtifactGroup, 'workflowId' | 'executionId' | 'isShared'> | undefined,
): string {
  if (group === undefined || group.executionId === null) return UNGROUPED;
  const { workflowId, executionId, isShared } = group;
  return isShared || executionId === UNGROUPED ? `${workflowId ?? ''}/${executionId}` : executionId;
}

async function readPage(
  groups: ArtifactGroupRepository,
  kind: 'groups' | 'executions',
  { sort, limit, cursor, include, ...filter }: ExecutionListQuery,
): Promise<{ page: ArtifactGroupPage; nextCursor: string | null }> {
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
}

/** All groups of a page are looked up together. */
async function present(
  { hydration, bases }: ListGroupsDependencies,
  page: ArtifactGroupPage,
  origin: string,
): Promise<ArtifactGroupOnWire[]> {
  const hydrated = await hydration.many(page.groups.flatMap(({ records }) => records));
  let at = 0;
  return page.groups.map((group) => {
    const members = hydrated.slice(at, (at += group.records.length));
    const artifacts = members.map((member) => presentArtifact(member, origin, bases));
    return presentGroup(group, members, artifacts, origin, bases);
  });
}
