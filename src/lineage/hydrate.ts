import type { Artifact } from '../artifact/artifact.schema.ts';
import { deriveLineage, type ArtifactRecord, type LookupFacts } from '../artifact/derive-lineage.ts';
import { failure } from '../errors.ts';
import { isoTimestamp } from '../storage/iso-timestamp.ts';
import type { Log } from '../observability/log.ts';
import { completeRuns, type Completion } from './complete-runs.ts';
import {
  ATTEMPTS_UNTIL_UNRESOLVED,
  type LineageRepository,
  type LinkedArtifact,
  type Miss,
  type RunFacts,
} from './lineage.repository.ts';
import type { LinkBases } from './links.ts';
import type { LookupBounds, MlflowClient } from './mlflow-client.ts';
import { presentArtifact, type HydratedArtifact } from './present-artifact.ts';
import { resolveExecutions, type OpenExecution } from './resolve-executions.ts';

export interface HydrationDependencies {
  readonly config: LinkBases & { readonly mlflow: { readonly problem: string | null } };
  readonly lineage: LineageRepository;
  /** Null: not configured; `config.mlflow.problem` says why. */
  readonly mlflow: MlflowClient | null;
  /** The row as it is now. */
  readonly findRecord: (id: number) => Promise<ArtifactRecord | null>;
  readonly log: Log;
  readonly now: () => number;
}

export interface Hydration {
  /** What is known without asking anybody. */
  known(record: ArtifactRecord): HydratedArtifact;
  /** Looks the run up when it is not known. Never throws: an artifact is readable without its lineage. */
  one(record: ArtifactRecord): Promise<HydratedArtifact>;
  /** The same for a page, with few calls whatever its length; what they do not find stays `pending`. */
  many(records: readonly ArtifactRecord[]): Promise<HydratedArtifact[]>;
  /** `origin`: the API's own, as the caller reached it. */
  present(hydrated: HydratedArtifact, origin: string): Artifact;
}

/** What reading one artifact may wait for MLflow. */
const ONE_DEADLINE_MS = 1_500;
const ONE_CALLS_MAX = 12;
/** A page: the experiments and two searches. */
const MANY_DEADLINE_MS = 1_500;
const MANY_CALLS_MAX = 3;

export function createHydration(deps: HydrationDependencies): Hydration {
  const { config, log, mlflow, lineage, now } = deps;
  const known = (record: ArtifactRecord): HydratedArtifact => ({
    record,
    lineage: deriveLineage(record, config.mlflow.problem),
  });

  /** Resolves with everything that could be found out about `records` in the bounds. Throws what the database throws. */
  async function lookUp(
    client: MlflowClient,
    records: readonly ArtifactRecord[],
    bounds: LookupBounds,
    isPage: boolean,
  ): Promise<HydratedArtifact[]> {
    const executions = openExecutions(records);
    const dueRecords = records.filter((record) => isDue(record, isPage, now()));
    const due = new Set(dueRecords.map(executionKey));
    const runIds = [...new Set(dueRecords.flatMap(incompleteRun))];
    const resolved = await resolveExecutions(
      { lineage, mlflow: client, log },
      [...executions.values()],
      bounds,
      {
        mode: isPage ? 'page' : 'one',
        mayAsk: (execution) => due.has(keyOf(execution)) && client.openedBy() === null,
      },
    );
    const completed =
      runIds.length === 0 || client.openedBy() !== null
        ? { completions: new Map<string, Completion>(), linked: [], failure: null }
        : await completeRuns({ lineage, mlflow: client }, runIds, bounds);
    const linked = new Map([...resolved.linked, ...completed.linked].map((one) => [one.id, one]));
    return Promise.all(
      records.map(async (record) => {
        const execution = executions.get(executionKey(record));
        const resolution =
          record.row.run_id !== null || execution === undefined
            ? undefined
            : resolved.resolutions.get(execution);
        const completion = completed.completions.get(record.row.run_id ?? '');
        const update = linked.get(record.row.id);
        if (update !== undefined) {
          if (resolution?.kind === 'linked') {
            return nowLinked(record, update, resolution.source, resolution.run.facts, now());
          }
          const facts = completion?.kind === 'completed' ? completion.facts : null;
          return nowLinked(record, update, 'mlflow', facts, now());
        }
        const looked = resolution ?? completion;
        if (looked?.kind !== 'missed')
          return dueRecords.includes(record) ? unasked(record, client) : known(record);
        return isPage ? missed(record, looked.miss, now()) : changedMeanwhile(record, looked.miss);
      }),
    );
  }

  /** Somebody else may have linked it while MLflow was asked. */
  async function changedMeanwhile(record: ArtifactRecord, miss: Miss): Promise<HydratedArtifact> {
    const current = await deps.findRecord(record.row.id);
    return current !== null && current.row.run_id !== record.row.run_id
      ? known(current)
      : missed(record, miss, now());
  }

  /** It was time to ask, but MLflow is left alone at the moment, or others came first. */
  function unasked(record: ArtifactRecord, client: MlflowClient): HydratedArtifact {
    const hydrated = known(record);
    const open = client.openedBy();
    if (hydrated.lineage.status !== 'pending' || open === null) return hydrated;
    return { record, lineage: { ...hydrated.lineage, status: 'unavailable', reason: open.message } };
  }

  async function hydrate(records: readonly ArtifactRecord[], isPage: boolean): Promise<HydratedArtifact[]> {
    const open = records.filter(isOpen);
    if (mlflow === null || open.length === 0) return records.map(known);
    const bounds: LookupBounds = {
      signal: AbortSignal.timeout(isPage ? MANY_DEADLINE_MS : ONE_DEADLINE_MS),
      callsLeft: isPage ? MANY_CALLS_MAX : ONE_CALLS_MAX,
      startedAt: now(),
    };
    try {
      const hydrated = await lookUp(mlflow, open, bounds, isPage);
      const byRecord = new Map(open.map((record, i) => [record, hydrated[i]]));
      return records.map((record) => byRecord.get(record) ?? known(record));
    } catch (error) {
      // The artifact was read; that its lineage could not be read or written now is no reason to withhold it.
      log.warn('lineage.hydrate_failed', { artifacts: open.length, ...failure(error) });
      return records.map(known);
    }
  }

  return {
    known,
    one: async (record) => (await hydrate([record], false))[0] ?? known(record),
    many: (records) => hydrate(records, true),
    present: (hydrated, origin) => presentArtifact(hydrated, origin, config),
  };
}

/** Something of its run is not known, and there is a name to ask by. */
function isOpen({ row }: ArtifactRecord): boolean {
  if (row.run_id !== null) return row.run_id !== '' && row.experiment_id === null;
  return row.execution_id !== null && row.execution_id !== '';
}

function incompleteRun({ row }: ArtifactRecord): string[] {
  return row.run_id !== null && row.run_id !== '' && row.experiment_id === null ? [row.run_id] : [];
}

/** What was looked for in vain is not looked for again at once. A page only asks in part, so one artifact may ask again. */
function isDue({ lookup }: ArtifactRecord, isPage: boolean, nowMs: number): boolean {
  if (lookup === null || lookup.next_check_at === null) return true;
  if (!isPage && lookup.attempts === 0 && lookup.status === 'pending') return true;
  return Date.parse(isoTimestamp(lookup.next_check_at)) <= nowMs;
}

function openExecutions(records: readonly ArtifactRecord[]): Map<string, OpenExecution> {
  const executions = new Map<string, OpenExecution>();
  for (const record of records) {
    const { run_id, execution_id, workflow_id, dag_id } = record.row;
    if (run_id !== null || execution_id === null) continue;
    const workflow = workflow_id ?? dag_id ?? '';
    const names = [workflow_id, dag_id].filter((name) => name !== null && name !== '') as string[];
    const execution = executions.get(executionKey(record));
    const workflows = [...new Set([...(execution?.workflows ?? []), ...names])];
    executions.set(executionKey(record), { workflow, executionId: execution_id, workflows });
  }
  return executions;
}

function executionKey({ row }: ArtifactRecord): string {
  return keyOf({ workflow: row.workflow_id ?? row.dag_id ?? '', executionId: row.execution_id ?? '' });
}

function keyOf({ workflow, executionId }: Pick<OpenExecution, 'workflow' | 'executionId'>): string {
  return JSON.stringify([workflow, executionId]);
}

/** The row as it was just written, with what MLflow said of the run. */
function nowLinked(
  { row }: ArtifactRecord,
  { runId, experimentId, updatedAt }: LinkedArtifact,
  source: 'sibling' | 'mlflow',
  facts: RunFacts | null,
  nowMs: number,
): HydratedArtifact {
  const lookup: LookupFacts | null = facts && {
    status: 'linked',
    reason: null,
    airflow_dag_id: facts.airflowDagId,
    airflow_run_id: facts.airflowRunId,
    attempts: 0,
    checked_at: new Date(nowMs).toISOString(),
    next_check_at: null,
  };
  return {
    record: { row: { ...row, run_id: runId, experiment_id: experimentId, updated_at: updatedAt }, lookup },
    lineage: { status: 'linked', source, reason: null, checked_at: lookup?.checked_at ?? null },
  };
}

/** As `recordMisses` has it: what was looked for often enough is called unresolved. */
function missed(record: ArtifactRecord, miss: Miss, nowMs: number): HydratedArtifact {
  const attempts = (record.lookup?.attempts ?? 0) + miss.attempts;
  const isFinal = miss.status === 'pending' && attempts >= ATTEMPTS_UNTIL_UNRESOLVED;
  return {
    record,
    lineage: {
      status: isFinal ? 'unresolved' : miss.status,
      source: record.row.run_id === null ? null : 'stored',
      reason: isFinal ? miss.finalReason : miss.reason,
      checked_at: new Date(nowMs).toISOString(),
    },
  };
}
