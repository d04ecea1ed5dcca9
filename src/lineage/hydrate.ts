import type { Lineage } from '../artifact/artifact.schema.ts';
import { deriveLineage, type ArtifactRecord } from './derive-lineage.ts';
import { failure } from '../errors.ts';
import { isoTimestamp } from '../storage/iso-timestamp.ts';
import type { Log } from '../observability/log.ts';
import type { Metrics } from '../observability/metrics.ts';
import { completeRuns } from './complete-runs.ts';
import { countLookups } from './count-lookups.ts';
import { createInFlight } from '../upstream/in-flight.ts';
import type { LineageRepository, LinkedArtifact } from './lineage.repository.ts';
import type { LookupBounds, MlflowClient } from '../mlflow/mlflow-client.ts';
import type { MlflowFailure } from '../mlflow/mlflow-failure.ts';
import { keyOf, wasOnlySwept, type OpenExecution } from './resolution.ts';
import { resolveExecutions } from './resolve-executions.ts';

/** A record with the lineage that is told of it. */
export interface HydratedArtifact {
  readonly record: ArtifactRecord;
  readonly lineage: Lineage;
}

export interface HydrationDependencies {
  readonly config: { readonly mlflow: { readonly problem: string | null } };
  readonly lineage: LineageRepository;
  /** Null: not configured; `config.mlflow.problem` says why. */
  readonly mlflow: MlflowClient | null;
  /** Rows as they are now. */
  readonly findRecords: (ids: readonly number[]) => Promise<ArtifactRecord[]>;
  /** Tells those who ask how MLflow is that it failed (a sentence), or works again (null). */
  readonly report: (problem: string | null) => Promise<void>;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly now: () => number;
}

export interface Hydration {
  /** What is known without asking anybody. */
  known(record: ArtifactRecord): HydratedArtifact;
  /**
   * Looks the run up when it is not known. Never throws: an artifact is readable without its
   * lineage.
   */
  one(record: ArtifactRecord): Promise<HydratedArtifact>;
  /** The same for the artifacts of one execution. */
  execution(records: readonly ArtifactRecord[]): Promise<HydratedArtifact[]>;
  /**
   * The same for a page, with few calls whatever its length; what they do not find stays `pending`.
   */
  many(records: readonly ArtifactRecord[]): Promise<HydratedArtifact[]>;
}

/** What reading may wait for MLflow. */
const DEADLINE_MS = 1_500;
const SLOW_MS = 1_000;
/** What a look-up may take beyond, to write down what it found. */
const WRITING_MS = 1_000;
const ONE_CALLS_MAX = 12;
/** A page: the experiments and two searches. */
const MANY_CALLS_MAX = 3;

export function createHydration(deps: HydrationDependencies): Hydration {
  const { config, log, mlflow, lineage, now } = deps;
  const inFlight = createInFlight(DEADLINE_MS + WRITING_MS, now);
  let hasReportedProblem = false;

  const known = (record: ArtifactRecord): HydratedArtifact => ({
    record,
    lineage: deriveLineage(record, config.mlflow.problem),
  });

  async function report(failure: MlflowFailure | null, hasAsked: boolean): Promise<void> {
    const isProblem = failure !== null && !failure.isOfThisRequest;
    if (!isProblem && !(hasReportedProblem && hasAsked)) return;
    hasReportedProblem = isProblem;
    // Nobody who reads an artifact waits for this, or goes without an answer for it.
    await deps.report(isProblem ? failure.message : null).catch(() => {});
  }

  /**
   * Resolves with everything that could be found out about `records` in the bounds. Throws what the
   * database throws.
   */
  async function lookUp(
    client: MlflowClient,
    records: readonly ArtifactRecord[],
    mode: 'one' | 'page',
  ): Promise<HydratedArtifact[]> {
    const bounds = boundsOf(mode, now());
    const { callsLeft } = bounds;
    const executions = openExecutions(records);
    const isAskable = client.openedBy() === null;
    const dueRecords = new Set(records.filter((record) => isDue(record, mode, now())));
    const due = new Set([...dueRecords].map(executionKey));
    const resolved = await resolveExecutions(
      { lineage, mlflow: client, log },
      [...executions.values()],
      bounds,
      {
        mode,
        mayAsk: (execution) => isAskable && due.has(keyOf(execution)),
      },
    );
    const runIds = isAskable ? [...new Set([...dueRecords].flatMap(incompleteRun))] : [];
    const completed = await completeRuns({ lineage, mlflow: client }, runIds, bounds, {
      isThorough: false,
    });
    const outcomes = [...resolved.resolutions.values(), ...completed.completions.values()];
    countLookups(deps.metrics, mode === 'page' ? 'page' : 'read', outcomes);
    await report(resolved.failure ?? completed.failure, bounds.callsLeft < callsLeft);

    const linked = new Map([...resolved.linked, ...completed.linked].map((one) => [one.id, one]));
    const changed: ArtifactRecord[] = [];
    const hydrated = records.map((record): HydratedArtifact => {
      const { row } = record;
      const update = linked.get(row.id);
      const execution = row.run_id === null ? executions.get(executionKey(record)) : undefined;
      const resolution = execution && resolved.resolutions.get(execution);
      if (update !== undefined) {
        const isFromMlflow =
          resolution?.kind === 'linked'
            ? resolution.source === 'mlflow'
            : completed.completions.get(update.runId)?.kind === 'completed';
        return nowLinked(row, update, isFromMlflow ? 'mlflow' : 'sibling');
      }
      const lookup =
        row.run_id === null
          ? resolved.remembered.get(executionKey(record))
          : completed.remembered.get(row.run_id);
      // Somebody else may have linked it while MLflow was asked.
      if (resolution?.kind === 'changed' || (lookup !== undefined && mode === 'one'))
        changed.push(record);
      if (lookup !== undefined) return known({ row, lookup });
      return dueRecords.has(record) ? unasked(record, client) : known(record);
    });
    return changed.length === 0 ? hydrated : withCurrent(hydrated, changed);
  }

  async function withCurrent(
    hydrated: readonly HydratedArtifact[],
    changed: readonly ArtifactRecord[],
  ): Promise<HydratedArtifact[]> {
    const current = await deps.findRecords(changed.map(({ row }) => row.id));
    const byId = new Map(current.map((record) => [record.row.id, record]));
    return hydrated.map((one) => {
      const record = byId.get(one.record.row.id);
      if (record === undefined) return one;
      const { run_id, experiment_id } = one.record.row;
      const isSame = record.row.run_id === run_id && record.row.experiment_id === experiment_id;
      return isSame ? one : known(record);
    });
  }

  /** It was time to ask, but MLflow is left alone at the moment, or others came first. */
  function unasked(record: ArtifactRecord, client: MlflowClient): HydratedArtifact {
    const hydrated = known(record);
    const open = client.openedBy();
    if (hydrated.lineage.status !== 'pending' || open === null) return hydrated;
    return {
      record,
      lineage: { ...hydrated.lineage, status: 'unavailable', reason: open.message },
    };
  }

  async function hydrate(
    records: readonly ArtifactRecord[],
    mode: 'one' | 'page',
  ): Promise<HydratedArtifact[]> {
    const open = records.filter(isOpen);
    if (mlflow === null || open.length === 0) return records.map(known);
    try {
      const hydrated = await lookUp(mlflow, open, mode);
      const byRecord = new Map(open.map((record, i) => [record, hydrated[i]]));
      return records.map((record) => byRecord.get(record) ?? known(record));
    } catch (error) {
      // The artifact was read; that its lineage could not be read or written now is no reason to
      // withhold it.
      log.warn('lineage.hydrate_failed', { artifacts: open.length, ...failure(error) });
      return records.map(known);
    }
  }

  return {
    known,
    async one(record) {
      // Readers of one execution that come together ask once.
      const key = record.row.run_id === null ? executionKey(record) : record.row.run_id;
      if (!isOpen(record) || mlflow === null) return known(record);
      if (!inFlight.isBusy(key)) {
        const [hydrated] = await inFlight.run(key, () => hydrate([record], 'one'));
        return hydrated ?? known(record);
      }
      await inFlight.settled(key);
      const [current] = await deps.findRecords([record.row.id]).catch(() => []);
      return known(current ?? record);
    },
    execution: (records) => hydrate(records, 'one'),
    many: (records) => hydrate(records, 'page'),
  };
}

function boundsOf(mode: 'one' | 'page', startedAt: number): LookupBounds {
  return {
    signal: AbortSignal.timeout(DEADLINE_MS),
    callsLeft: mode === 'page' ? MANY_CALLS_MAX : ONE_CALLS_MAX,
    lastsMs: DEADLINE_MS,
    slowMs: SLOW_MS,
    isForced: false,
    startedAt,
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

/**
 * What was looked for in vain is not looked for again at once. A page only asks in part, so one
 * artifact may ask again.
 */
function isDue({ lookup }: ArtifactRecord, mode: 'one' | 'page', nowMs: number): boolean {
  if (lookup === null || lookup.next_check_at === null) return true;
  if (mode === 'one' && wasOnlySwept(lookup)) return true;
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
    executions.set(executionKey(record), {
      workflow,
      workflowId: workflow_id,
      executionId: execution_id,
      workflows,
    });
  }
  return executions;
}

function executionKey({ row }: ArtifactRecord): string {
  return keyOf({
    workflow: row.workflow_id ?? row.dag_id ?? '',
    executionId: row.execution_id ?? '',
  });
}

/** The row as it was just written, with what is remembered of the run. */
function nowLinked(
  row: ArtifactRecord['row'],
  { runId, experimentId, updatedAt, lookup }: LinkedArtifact,
  source: 'sibling' | 'mlflow',
): HydratedArtifact {
  const record = {
    row: { ...row, run_id: runId, experiment_id: experimentId, updated_at: updatedAt },
    lookup,
  };
  return { record, lineage: { ...deriveLineage(record, null), source } };
}
