import type { Artifact, Lineage } from '../artifact/artifact.schema.ts';
import type { HydratedArtifact } from '../lineage/hydrate.ts';
import { isoTimestamp } from '../storage/iso-timestamp.ts';
import type { ArtifactGroupOnWire } from './group.schema.ts';
import { airflowRunLink, executionLink, runLinks, type LinkBases } from './links.ts';
import { airflowRunOf } from './present-artifact.ts';

/** What is known of a group beside its artifacts; times are PostgreSQL's text. */
export interface GroupFacts {
  readonly workflowId: string | null;
  /** Null: the artifacts have nothing in common but that they name no execution. */
  readonly executionId: string | null;
  readonly firstAt: string;
  readonly lastAt: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly symbols: readonly string[];
}

/**
 * `members` newest first, `artifacts` the same as they go over the wire; `origin` is the API's own.
 */
export function presentGroup(
  facts: GroupFacts,
  members: readonly HydratedArtifact[],
  artifacts: Artifact[],
  origin: string,
  bases: LinkBases,
): ArtifactGroupOnWire {
  const { workflowId, executionId } = facts;
  const isExecution = executionId !== null;
  const told = isExecution ? mostTelling(members) : null;
  const run = {
    run_id: told?.record.row.run_id ?? null,
    experiment_id: told?.record.row.experiment_id ?? null,
  };
  const airflowRun = isExecution ? firstOf(members, ({ record }) => airflowRunOf(record)) : null;
  return {
    workflow_id: workflowId,
    execution_id: executionId,
    dag_id: isExecution ? firstOf(members, ({ record }) => record.row.dag_id || null) : null,
    first_at: isoTimestamp(facts.firstAt),
    last_at: isoTimestamp(facts.lastAt),
    counts: { ...facts.counts },
    symbols: [...facts.symbols],
    artifacts,
    ...run,
    lineage: told?.lineage ?? NOT_ONE_RUN,
    links: {
      execution: executionLink({ workflow_id: workflowId, execution_id: executionId }, origin),
      ...runLinks(run, bases),
      airflow_run: airflowRun === null ? null : airflowRunLink(airflowRun, bases.airflow),
    },
  };
}

const NOT_ONE_RUN: Lineage = {
  status: 'unresolved',
  source: null,
  reason: 'These artifacts name no execution; each has a lineage of its own.',
  checked_at: null,
};

const TELLING: readonly Lineage['status'][] = ['linked', 'unavailable', 'pending', 'unresolved'];

/**
 * A linked member speaks for its execution; without one, what may still change is worth more than
 * what may not.
 */
function mostTelling(members: readonly HydratedArtifact[]): HydratedArtifact | null {
  return firstOf(
    TELLING,
    (status) => members.find(({ lineage }) => lineage.status === status) ?? null,
  );
}

function firstOf<T, Found>(items: readonly T[], look: (item: T) => Found | null): Found | null {
  for (const item of items) {
    const found = look(item);
    if (found !== null) return found;
  }
  return null;
}
