import type { LineageRepository, LinkedArtifact, Miss, RunFacts } from './lineage.repository.ts';
import type { LookupFacts } from './derive-lineage.ts';
import type { RunShape } from './lineage-lookup.table.ts';
import { OutOfBounds, type LookupBounds, type MlflowClient } from '../mlflow/mlflow-client.ts';
import { MlflowFailure } from '../mlflow/mlflow-failure.ts';
import type { MlflowRun } from '../mlflow/mlflow.schema.ts';

/** What MLflow said of a run whose experiment was not known. */
export type Completion =
  | { readonly kind: 'completed' }
  | { readonly kind: 'missed'; readonly miss: Miss }
  | { readonly kind: 'left' };

export interface CompletedRuns {
  /** Nothing of runs that other rows knew the experiment of. */
  readonly completions: ReadonlyMap<string, Completion>;
  /** What is remembered of the runs that were missed. */
  readonly remembered: ReadonlyMap<string, LookupFacts>;
  readonly linked: readonly LinkedArtifact[];
  readonly failure: MlflowFailure | null;
}

/** Runs asked for in one search; `IN` is allowed on run ids alone. */
const RUNS_PER_SEARCH = 100;
/**
 * What MLflow gives as a run id; nothing else is asked for, because it would stand in an address
 * and in filters.
 */
export const RUN_ID = /^[a-zA-Z0-9][\w-]{0,254}$/;
const NOT_YET =
  'The experiment of the run that this artifact names was not found in MLflow yet; it is asked again.';
const UNKNOWN =
  'MLflow does not know the run that this artifact names, so its experiment is not known.';
const NO_RUN_ID = 'The run_id is not one that MLflow gives, so its experiment is not known.';

/**
 * Fills in the experiments of runs that rows name without one: from other rows of the same run,
 * else from MLflow. One run is asked for by name, which finds it wherever it is; several by one
 * search, and by name as well when `isThorough`.
 */
export async function completeRuns(
  deps: { readonly lineage: LineageRepository; readonly mlflow: MlflowClient },
  runIds: readonly string[],
  bounds: LookupBounds,
  { isThorough }: { readonly isThorough: boolean },
): Promise<CompletedRuns> {
  const completions = new Map<string, Completion>();
  if (runIds.length === 0) return { completions, remembered: new Map(), linked: [], failure: null };
  const known = await deps.lineage.completeFromKnown(runIds);
  const isKnown = new Set(known.map(({ runId }) => runId));
  const open = runIds.filter((runId) => !isKnown.has(runId));
  const { runs, failure } = await ask(deps.mlflow, open, bounds, isThorough, completions);
  const misses = [...completions.values()].flatMap((one) =>
    one.kind === 'missed' ? [one.miss] : [],
  );
  const [completed, recorded] = await Promise.all([
    deps.lineage.completeExperiments(
      runs.map((run) => ({
        runId: run.runId,
        experimentId: run.experimentId,
        workflow: '',
        facts: factsOf(run, null),
      })),
    ),
    deps.lineage.recordMisses(misses),
  ]);
  const remembered = new Map(recorded.map(({ name, lookup }) => [name, lookup]));
  return { completions, remembered, linked: [...known, ...completed], failure };
}

/** Fills `completions`, and gives the runs that MLflow knows. */
async function ask(
  mlflow: MlflowClient,
  runIds: readonly string[],
  bounds: LookupBounds,
  isThorough: boolean,
  completions: Map<string, Completion>,
): Promise<{ runs: MlflowRun[]; failure: MlflowFailure | null }> {
  const runs: MlflowRun[] = [];
  const known = (run: MlflowRun) => {
    runs.push(run);
    completions.set(run.runId, { kind: 'completed' });
  };
  for (const runId of runIds)
    if (!RUN_ID.test(runId)) completions.set(runId, unresolved(runId, NO_RUN_ID));
  const open = () => runIds.filter((runId) => !completions.has(runId));
  try {
    for (let from = 0; open().length > 1 && from < runIds.length; from += RUNS_PER_SEARCH) {
      const some = runIds
        .slice(from, from + RUNS_PER_SEARCH)
        .filter((runId) => !completions.has(runId));
      if (some.length === 0) continue;
      const filter = `attributes.run_id IN (${some.map((runId) => `'${runId}'`).join(', ')})`;
      const search = { filter, maxResults: RUNS_PER_SEARCH, withDeleted: true };
      for (const run of (await mlflow.searchRuns(search, bounds)).runs) known(run);
    }
    // A search leaves out runs of deleted experiments, and of those that MLFLOW_EXPERIMENT_NAMES
    // does not name.
    for (const runId of isThorough || runIds.length === 1 ? open() : []) {
      const run = await mlflow.getRun(runId, bounds).catch((error: unknown) => {
        if (!(error instanceof MlflowFailure) || !error.isOfThisRequest) throw error;
        completions.set(runId, unavailable(runId, error));
        return null;
      });
      if (run !== null) known(run);
      else if (!completions.has(runId)) completions.set(runId, unresolved(runId, UNKNOWN));
    }
    for (const runId of open())
      completions.set(runId, missed(runId, { status: 'pending', reason: NOT_YET }));
    return { runs, failure: null };
  } catch (error) {
    if (!(error instanceof MlflowFailure) && !(error instanceof OutOfBounds)) throw error;
    const failure = error instanceof MlflowFailure ? error : null;
    for (const runId of open()) {
      // A repair that was broken off has looked at nothing.
      completions.set(
        runId,
        failure === null || isThorough ? { kind: 'left' } : unavailable(runId, failure),
      );
    }
    return { runs, failure };
  }
}

/** What a run says of its Airflow run, and by which of its tags it was recognised. */
export function factsOf({ tags }: MlflowRun, shape: RunShape | null): RunFacts {
  return {
    shape,
    airflowDagId: tags.get('airflow_dag_id') ?? null,
    airflowRunId: tags.get('airflow_run_id') ?? null,
  };
}

function unresolved(runId: string, reason: string): Completion {
  return missed(runId, { status: 'unresolved', reason, attempts: 1 });
}

function unavailable(
  runId: string,
  { message, retryAfterMs, isOfThisRequest }: MlflowFailure,
): Completion {
  return isOfThisRequest
    ? missed(runId, { status: 'unavailable', reason: message, attempts: 1 })
    : missed(runId, { status: 'unavailable', reason: message, waitMs: retryAfterMs });
}

function missed(
  name: string,
  { status, reason, attempts = 0, waitMs = null }: Pick<Miss, 'status' | 'reason'> & Partial<Miss>,
): Completion {
  const miss = {
    kind: 'run',
    workflow: '',
    name,
    status,
    reason,
    finalReason: reason,
    attempts,
    waitMs,
  } as const;
  return { kind: 'missed', miss };
}
