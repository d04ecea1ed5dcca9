import type { FoundRun, LineageRepository, LinkedArtifact, Miss, RunFacts } from './lineage.repository.ts';
import { OutOfCalls, type LookupBounds, type MlflowClient } from './mlflow-client.ts';
import { MlflowFailure } from './mlflow-failure.ts';
import type { MlflowRun } from './mlflow.schema.ts';

/** What MLflow said of a run whose experiment was not known. */
export type Completion =
  | { readonly kind: 'completed'; readonly facts: RunFacts }
  | { readonly kind: 'missed'; readonly miss: Miss }
  | { readonly kind: 'left' };

/** Runs asked for in one search; `IN` is allowed on run ids alone. */
const RUNS_PER_SEARCH = 100;
/** What MLflow gives as a run id; nothing else is asked for, because it would stand in an address and in filters. */
const RUN_ID = /^[a-zA-Z0-9][\w-]{0,255}$/;

/**
 * Asks MLflow for the experiments of runs that rows name without one, and fills them in. One run is asked for by name,
 * which finds deleted ones too; several by one search.
 */
export async function completeRuns(
  deps: { readonly lineage: LineageRepository; readonly mlflow: MlflowClient },
  runIds: readonly string[],
  bounds: LookupBounds,
): Promise<{
  completions: ReadonlyMap<string, Completion>;
  linked: readonly LinkedArtifact[];
  failure: MlflowFailure | null;
}> {
  let failure: MlflowFailure | null = null;
  const completions = new Map<string, Completion>();
  const runs: MlflowRun[] = [];
  for (let from = 0; from < runIds.length; from += RUNS_PER_SEARCH) {
    const some = runIds.slice(from, from + RUNS_PER_SEARCH);
    try {
      const found = await readRuns(deps.mlflow, some, bounds);
      runs.push(...found);
      for (const runId of some) {
        const run = found.find((one) => one.runId === runId);
        completions.set(
          runId,
          run === undefined
            ? { kind: 'missed', miss: missing(runId) }
            : { kind: 'completed', facts: toFound(run).facts },
        );
      }
    } catch (error) {
      if (!(error instanceof MlflowFailure) && !(error instanceof OutOfCalls)) throw error;
      if (error instanceof MlflowFailure && !error.isOfThisRequest) failure = error;
      for (const runId of some) {
        completions.set(
          runId,
          error instanceof OutOfCalls
            ? { kind: 'left' }
            : { kind: 'missed', miss: unavailable(runId, error) },
        );
      }
    }
  }
  const misses = [...completions.values()].flatMap((one) => (one.kind === 'missed' ? [one.miss] : []));
  const [linked] = await Promise.all([
    deps.lineage.completeExperiments(runs.map(toFound)),
    deps.lineage.recordMisses(misses),
  ]);
  return { completions, linked, failure };
}

async function readRuns(
  mlflow: MlflowClient,
  runIds: readonly string[],
  bounds: LookupBounds,
): Promise<MlflowRun[]> {
  const askable = runIds.filter((runId) => RUN_ID.test(runId));
  const [only] = askable;
  if (only === undefined) return [];
  if (askable.length === 1) {
    const run = await mlflow.getRun(only, bounds);
    return run === null ? [] : [run];
  }
  const filter = `attributes.run_id IN (${askable.map((runId) => `'${runId}'`).join(', ')})`;
  return [...(await mlflow.searchRuns({ filter, maxResults: RUNS_PER_SEARCH }, bounds)).runs];
}

function toFound(run: MlflowRun): Omit<FoundRun, 'executionIds'> & { facts: RunFacts } {
  return {
    workflow: run.tags.get('workflow_id') ?? '',
    runId: run.runId,
    experimentId: run.experimentId,
    facts: {
      shape: null,
      airflowDagId: run.tags.get('airflow_dag_id') ?? null,
      airflowRunId: run.tags.get('airflow_run_id') ?? null,
    },
  };
}

function missing(runId: string): Miss {
  const reason = RUN_ID.test(runId)
    ? 'MLflow does not know the run that this artifact names, so its experiment is not known.'
    : 'The run_id is not one that MLflow gives, so its experiment is not known.';
  return {
    kind: 'run',
    workflow: '',
    name: runId,
    status: 'unresolved',
    reason,
    finalReason: reason,
    attempts: 1,
    waitMs: null,
  };
}

function unavailable(runId: string, failure: MlflowFailure): Miss {
  return {
    kind: 'run',
    workflow: '',
    name: runId,
    status: 'unavailable',
    reason: failure.message,
    finalReason: failure.message,
    attempts: 0,
    waitMs: failure.retryAfterMs,
  };
}
