import type { PresentArtifact } from '../artifact/present-port.ts';
import type { Hydration } from '../lineage/hydrate.ts';
import type { RecordRepository } from '../lineage/record.repository.ts';
import type { Database } from '../storage/database.ts';
import { createExecutionRepository } from './execution.repository.ts';
import { findExecution } from './find-execution.ts';
import { createArtifactGroupRepository } from './group.repository.ts';
import type { ArtifactGroupOnWire, ExecutionListQuery, ExecutionQuery } from './group.schema.ts';
import type { LinkBases } from './links.ts';
import { listArtifacts, type ListedArtifacts } from './list-artifacts.ts';
import {
  listExecutions,
  listGroups,
  type ListedExecutions,
  type ListedGroups,
} from './list-groups.ts';
import { createArtifactListRepository } from './list.repository.ts';
import type { ArtifactListQuery } from './list.schema.ts';
import { presentWritten, readArtifact, type ShownArtifact } from './read-artifact.ts';
import { createArtifactSummaryRepository, type ArtifactSummary } from './summary.repository.ts';

/** Everything that finds artifacts and shows them. `origin` is the API's own, as the caller reached it. */
export interface Catalog {
  /** For those who write rows. */
  readonly present: PresentArtifact;
  /** Throws `not_found`. */
  read(id: number, origin: string): Promise<ShownArtifact>;
  list(query: ArtifactListQuery, origin: string): Promise<ListedArtifacts>;
  listGroups(query: ArtifactListQuery, origin: string): Promise<ListedGroups>;
  listExecutions(query: ExecutionListQuery, origin: string): Promise<ListedExecutions>;
  /** Throws `not_found`, or `invalid_input` where several workflows share the id. */
  findExecution(
    executionId: string,
    query: ExecutionQuery,
    origin: string,
  ): Promise<ArtifactGroupOnWire>;
  summarize(): Promise<ArtifactSummary & { rendersByReason: Readonly<Record<string, number>> }>;
}

export function createCatalog(deps: {
  readonly database: Database;
  readonly records: RecordRepository;
  readonly hydration: Hydration;
  readonly config: LinkBases & { readonly mlflow: { readonly problem: string | null } };
  /** How many pictures had to be drawn, by reason. */
  readonly countRenders: () => Promise<Readonly<Record<string, number>>>;
}): Catalog {
  const { database, config: bases } = deps;
  const knowledge = { isMlflowConfigured: bases.mlflow.problem === null };
  const showing = { ...deps, bases };
  const finding = {
    ...showing,
    list: createArtifactListRepository(database, knowledge),
    groups: createArtifactGroupRepository(database, knowledge),
    executions: createExecutionRepository(database),
  };
  const summary = createArtifactSummaryRepository(database, knowledge);
  return {
    present: presentWritten(showing),
    read: (id, origin) => readArtifact(showing, id, origin),
    list: (query, origin) => listArtifacts(finding, query, origin),
    listGroups: (query, origin) => listGroups(finding, query, origin),
    listExecutions: (query, origin) => listExecutions(finding, query, origin),
    findExecution: (id, query, origin) => findExecution(finding, id, query, origin),
    async summarize() {
      const [totals, rendersByReason] = await Promise.all([
        summary.summarize(),
        deps.countRenders(),
      ]);
      return { ...totals, rendersByReason };
    },
  };
}
