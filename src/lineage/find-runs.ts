import type { MlflowClient } from '../mlflow/mlflow-client.ts';
import { MLFLOW_ID, runIdsFilter } from '../mlflow/mlflow-filters.ts';
import type { MlflowRun } from '../mlflow/mlflow.schema.ts';
import { OutOfBudget, type Budget } from '../upstream/budget.ts';
import { UpstreamFailure } from '../upstream/upstream-failure.ts';
import { siblingRun, type ExecutionContext } from './execution-context.ts';
import type { RunShape } from './lineage-lookup.table.ts';
import { isSettled, matchesAmong, orderedShapes, type RunMatch } from './match-run.ts';
import type { Finding } from './outcome.ts';
import type { Policy } from './policy.ts';
import { executionFilters, workflowFilters } from './run-filter.ts';
import type { ExecutionSubject, RunSubject } from './subject.ts';

/** Individual look-ups at once, of up to three calls; a Worker has six connections. */
const CONCURRENT_LOOKUPS = 2;
const RUNS_OF_ONE_EXECUTION = 100;
const RUNS_PER_SEARCH = 100;

export interface Findings<S, F = Finding> {
  readonly findings: ReadonlyMap<S, F>;
  /** MLflow failed before everything was asked. */
  readonly failure: UpstreamFailure | null;
}

/**
 * Looks executions up one after the other, some at once, until MLflow gives out; those that nobody
 * came to have no finding.
 */
export async function findEach(
  mlflow: MlflowClient,
  executions: ReadonlyMap<ExecutionSubject, ExecutionContext>,
  ways: 'usual' | 'all',
  budget: Budget,
): Promise<Findings<ExecutionSubject>> {
  const findings = new Map<ExecutionSubject, Finding>();
  const queue = [...executions];
  let failure: UpstreamFailure | null = null;
  const work = async () => {
    for (let next = queue.shift(); next !== undefined && failure === null; next = queue.shift()) {
      const [subject, context] = next;
      try {
        findings.set(subject, await findOne(mlflow, subject, context, ways, budget));
      } catch (error) {
        if (error instanceof OutOfBudget) findings.set(subject, { kind: 'out_of_budget' });
        else if (!(error instanceof UpstreamFailure)) throw error;
        else if (error.isOfThisRequest) findings.set(subject, { kind: 'failed', failure: error });
        else failure = error;
      }
    }
  };
  await Promise.all(Array.from({ length: CONCURRENT_LOOKUPS }, work));
  return { findings, failure };
}

/**
 * Looks one execution up. One that is not there may be in an experiment that was made since the
 * experiments were listed, so they are listed anew before it is said to be absent.
 */
async function findOne(
  mlflow: MlflowClient,
  subject: ExecutionSubject,
  context: ExecutionContext,
  ways: 'usual' | 'all',
  budget: Budget,
): Promise<Finding> {
  const named = siblingRun(context);
  if (named !== null) {
    const isId = MLFLOW_ID.test(named.runId);
    return { kind: 'named', run: isId ? await mlflow.getRun(named.runId, budget) : null };
  }
  const finding = await findAmongKnown(mlflow, subject, context, ways, budget);
  if (finding.matches.length > 0 || !(await mlflow.refreshExperiments(budget))) return finding;
  return findAmongKnown(mlflow, subject, context, ways, budget);
}

/**
 * First in the usual way, then in all others at once, unless a run answered already that nothing
 * could come before. `usual`: where one way has worked for the workflow so far, in that alone.
 */
async function findAmongKnown(
  mlflow: MlflowClient,
  subject: ExecutionSubject,
  { usualShapes }: ExecutionContext,
  ways: 'usual' | 'all',
  budget: Budget,
): Promise<Finding & { readonly kind: 'matches' }> {
  const matches: RunMatch[] = [];
  const ask = async (shape: RunShape) => {
    matches.push(...matchesAmong(subject, await searchOne(mlflow, subject, shape, budget)));
  };
  const [first = 'execution_id', ...others] = orderedShapes(usualShapes);
  await ask(first);
  const isUsualOnly = matches.length === 0 && ways === 'usual' && usualShapes.length === 1;
  const isSure = matches.some((match) => isSettled(match, usualShapes));
  if (!isSure && !isUsualOnly) await Promise.all(others.map(ask));
  return { kind: 'matches', matches, ways: isUsualOnly ? 'usual' : 'all' };
}

/**
 * The runs that one way of tagging finds; of so many that MLflow does not give all, those of the
 * workflow as well.
 */
async function searchOne(
  mlflow: MlflowClient,
  { id, workflows }: ExecutionSubject,
  shape: RunShape,
  budget: Budget,
): Promise<readonly MlflowRun[]> {
  const found: MlflowRun[] = [];
  const maxResults = RUNS_OF_ONE_EXECUTION;
  for (const filter of executionFilters(id, shape)) {
    const { runs, isTruncated } = await mlflow.searchRuns({ filter, maxResults }, budget);
    found.push(...runs);
    if (!isTruncated) continue;
    for (const narrower of workflowFilters(workflows)) {
      const search = { filter: `${narrower} and ${filter}`, maxResults };
      found.push(...(await mlflow.searchRuns(search, budget)).runs);
    }
  }
  // The same run may have come twice.
  return [...new Map(found.map((run) => [run.runId, run])).values()];
}

type RunFinding = Exclude<Finding, { kind: 'matches' | 'certain' }>;

/**
 * Asks for runs by their ids: one by name, which finds it wherever it is; several by one search,
 * and then by name as well where nobody waits, because a search leaves out runs of deleted
 * experiments, and of those that MLFLOW_EXPERIMENT_NAMES does not name.
 */
export async function findRuns(
  mlflow: MlflowClient,
  subjects: readonly RunSubject[],
  { isThorough }: Pick<Policy, 'isThorough'>,
  budget: Budget,
): Promise<Findings<RunSubject, RunFinding>> {
  const findings = new Map<RunSubject, RunFinding>();
  const rest = () => subjects.filter((subject) => !findings.has(subject));
  const isSearched = subjects.length > 1;
  try {
    const searched = isSearched ? subjects : [];
    for (let from = 0; from < searched.length; from += RUNS_PER_SEARCH) {
      const some = searched.slice(from, from + RUNS_PER_SEARCH);
      for (const [subject, run] of await searchRunsOf(mlflow, some, isThorough, budget))
        findings.set(subject, { kind: 'named', run });
    }
    for (const subject of isThorough || !isSearched ? rest() : []) {
      findings.set(subject, await findByName(mlflow, subject, budget));
    }
    for (const subject of rest()) findings.set(subject, { kind: 'partial' });
    return { findings, failure: null };
  } catch (error) {
    if (error instanceof OutOfBudget) {
      for (const subject of rest()) findings.set(subject, { kind: 'unasked' });
      return { findings, failure: null };
    }
    if (!(error instanceof UpstreamFailure)) throw error;
    for (const subject of rest()) findings.set(subject, { kind: 'failed', failure: error });
    return { findings, failure: error };
  }
}

/** The runs that a search shows; what MLflow would not take for all together, it may by name. */
async function searchRunsOf(
  mlflow: MlflowClient,
  subjects: readonly RunSubject[],
  isThorough: boolean,
  budget: Budget,
): Promise<(readonly [RunSubject, MlflowRun])[]> {
  const filter = runIdsFilter(subjects.map(({ runId }) => runId));
  const search = { filter, maxResults: RUNS_PER_SEARCH, withDeleted: true };
  try {
    const { runs } = await mlflow.searchRuns(search, budget);
    const byId = new Map(runs.map((run) => [run.runId, run]));
    return subjects.flatMap((subject) => {
      const run = byId.get(subject.runId);
      return run === undefined ? [] : [[subject, run] as const];
    });
  } catch (error) {
    const isRefusal = error instanceof UpstreamFailure && error.isOfThisRequest;
    if (isRefusal && isThorough) return [];
    throw error;
  }
}

/** What MLflow refuses of one run says nothing of the others. */
async function findByName(
  mlflow: MlflowClient,
  { runId }: RunSubject,
  budget: Budget,
): Promise<RunFinding> {
  try {
    return { kind: 'named', run: await mlflow.getRun(runId, budget) };
  } catch (error) {
    if (!(error instanceof UpstreamFailure) || !error.isOfThisRequest) throw error;
    return { kind: 'failed', failure: error };
  }
}
