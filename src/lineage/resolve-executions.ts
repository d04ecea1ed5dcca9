import type { RunShape } from './lineage-lookup.table.ts';
import type { Log } from '../observability/log.ts';
import { RUN_ID } from './complete-runs.ts';
import { executionForms, isSameKind, parseExecutionId } from './execution-id.ts';
import { findRun, type FindOptions } from './find-run.ts';
import type { ExecutionRows, FoundRun, LineageRepository } from './lineage.repository.ts';
import { OutOfBounds, type LookupBounds, type MlflowClient } from '../mlflow/mlflow-client.ts';
import { MlflowFailure } from '../mlflow/mlflow-failure.ts';
import { persistResolutions, type PersistedResolutions } from './persist-resolutions.ts';
import {
  swept,
  tooBusy,
  toFoundRun,
  toResolution,
  unavailable,
  unresolved,
  type OpenExecution,
  type Resolution,
} from './resolution.ts';
import { refusal } from './run-filter.ts';
import { sweepRuns, type SweepOptions } from './sweep-runs.ts';

export interface ResolveDependencies {
  readonly lineage: LineageRepository;
  readonly mlflow: MlflowClient;
  readonly log: Log;
}

export interface Resolved extends PersistedResolutions {
  readonly resolutions: ReadonlyMap<OpenExecution, Resolution>;
  /** MLflow failed before everything was asked. */
  readonly failure: MlflowFailure | null;
}

/**
 * `one`: a look-up of its own for each. `page`: few searches for all together, whatever they find.
 * `repair`: searches for all together that are read to their end, and a look-up of its own for each
 * that they cannot decide.
 */
export type ResolveMode = 'one' | 'page' | 'repair';

const SWEEPS: Readonly<Record<Exclude<ResolveMode, 'one'>, SweepOptions>> = {
  page: { isThorough: false, runsPerPage: 800, pagesMax: 1, shareOfTime: 1 },
  repair: { isThorough: true, runsPerPage: 500, pagesMax: 4, shareOfTime: 0.5 },
};

/** Individual look-ups at once, of up to three calls; a Worker has six connections. */
const CONCURRENT_LOOKUPS = 2;
/** An execution to be asked for, and the run that its linked rows name without an experiment. */
interface Wanted extends FindOptions {
  readonly namedRunId: string | null;
}

/**
 * Finds the runs of executions and persists what it found, once for all rows of each execution.
 * Siblings that are linked already answer first, without MLflow.
 */
export async function resolveExecutions(
  deps: ResolveDependencies,
  open: readonly OpenExecution[],
  bounds: LookupBounds,
  options: { readonly mode: ResolveMode; readonly mayAsk: (execution: OpenExecution) => boolean },
): Promise<Resolved> {
  const resolutions = new Map<OpenExecution, Resolution>();
  if (open.length === 0) return { resolutions, linked: [], remembered: new Map(), failure: null };
  const context = await readContext(deps.lineage, open);
  const wanted = new Map<OpenExecution, Wanted>();
  for (const execution of open) {
    const { siblings, ...more } = contextOf(context, execution);
    const sibling = siblingRun(execution, siblings);
    const refused = refusal(more.id);
    if (sibling?.run !== undefined)
      resolutions.set(execution, {
        kind: 'linked',
        source: 'sibling',
        run: sibling.run,
        conflict: null,
      });
    else if (!options.mayAsk(execution)) resolutions.set(execution, { kind: 'left' });
    else if (refused !== null) resolutions.set(execution, unresolved(execution, refused));
    else wanted.set(execution, { ...more, namedRunId: sibling?.namedRunId ?? null });
  }
  const failure =
    wanted.size === 0 ? null : await ask(deps.mlflow, wanted, bounds, options.mode, resolutions);
  return { resolutions, failure, ...(await persistResolutions(deps, resolutions, options.mayAsk)) };
}

/** Fills `resolutions` with what MLflow says of each; says what it failed with. */
async function ask(
  mlflow: MlflowClient,
  wanted: ReadonlyMap<OpenExecution, Wanted>,
  bounds: LookupBounds,
  mode: ResolveMode,
  resolutions: Map<OpenExecution, Resolution>,
): Promise<MlflowFailure | null> {
  let failure: MlflowFailure | null = null;
  if (mode !== 'one') {
    const swept = new Map([...wanted].filter(([, { namedRunId }]) => namedRunId === null));
    const sweep = await sweepRuns(mlflow, [...swept.values()], bounds, SWEEPS[mode]);
    // What MLflow would not take for all together, it may take one by one.
    failure = mode === 'repair' && sweep.failure?.isOfThisRequest ? null : sweep.failure;
    for (const [execution, options] of swept) {
      const finding = sweep.findings.get(options);
      if (finding !== undefined) resolutions.set(execution, toResolution(execution, finding));
    }
  }
  const rest = [...wanted].filter(([execution]) => !resolutions.has(execution));
  if (mode !== 'page' && failure === null)
    failure = await findEach(mlflow, rest, bounds, mode, resolutions);
  for (const [execution, { namedRunId }] of rest) {
    if (resolutions.has(execution)) continue;
    // A repair that was broken off has looked at nothing: whoever goes on with it finds everything
    // as it was.
    const isUnasked = mode === 'repair' || (namedRunId !== null && failure === null);
    if (isUnasked) resolutions.set(execution, { kind: 'left' });
    else
      resolutions.set(
        execution,
        failure === null ? swept(execution) : unavailable(execution, failure),
      );
  }
  return failure;
}

/**
 * Looks up one after the other, some at once, until calls, time or MLflow give out; says what
 * MLflow failed with.
 */
async function findEach(
  mlflow: MlflowClient,
  rest: readonly (readonly [OpenExecution, Wanted])[],
  bounds: LookupBounds,
  mode: ResolveMode,
  resolutions: Map<OpenExecution, Resolution>,
): Promise<MlflowFailure | null> {
  const queue = [...rest];
  let failure: MlflowFailure | null = null;
  const work = async () => {
    for (let next = queue.shift(); next !== undefined && failure === null; next = queue.shift()) {
      const [execution, options] = next;
      try {
        resolutions.set(execution, await findOne(mlflow, execution, options, bounds, mode));
      } catch (error) {
        if (error instanceof OutOfBounds)
          resolutions.set(execution, mode === 'repair' ? { kind: 'left' } : tooBusy(execution));
        else if (!(error instanceof MlflowFailure)) throw error;
        else if (error.isOfThisRequest) resolutions.set(execution, unavailable(execution, error));
        else failure = error;
      }
    }
  };
  await Promise.all(Array.from({ length: CONCURRENT_LOOKUPS }, work));
  return failure;
}

async function findOne(
  mlflow: MlflowClient,
  execution: OpenExecution,
  wanted: Wanted,
  bounds: LookupBounds,
  mode: ResolveMode,
): Promise<Resolution> {
  const { namedRunId } = wanted;
  if (namedRunId === null) {
    return toResolution(
      execution,
      await findRun(mlflow, wanted, bounds, mode === 'repair' ? 'all' : 'known'),
    );
  }
  const run = RUN_ID.test(namedRunId) ? await mlflow.getRun(namedRunId, bounds) : null;
  if (run === null || run.runId !== namedRunId) {
    const reason = `Another artifact of this execution names run ${namedRunId}, which MLflow does not know.`;
    return unresolved(execution, reason);
  }
  return {
    kind: 'linked',
    source: 'sibling',
    run: toFoundRun(execution, run, null),
    conflict: null,
  };
}

interface Context {
  readonly rows: readonly ExecutionRows[];
  readonly shapes: ReadonlyMap<string, RunShape[]>;
}

async function readContext(
  lineage: LineageRepository,
  open: readonly OpenExecution[],
): Promise<Context> {
  const forms = [...new Set(open.flatMap(({ executionId }) => executionForms(executionId)))];
  const workflows = [...new Set(open.map(({ workflow }) => workflow))];
  const [rows, shapes] = await Promise.all([lineage.rowsOf(forms), lineage.knownShapes(workflows)]);
  return { rows, shapes };
}

function contextOf(
  { rows, shapes }: Context,
  { workflow, workflowId, workflows, executionId }: OpenExecution,
) {
  const id = parseExecutionId(executionId);
  const forms = new Set(executionForms(executionId));
  const ofInstant = rows.filter((row) => forms.has(row.executionId));
  const own = new Set([workflow, '', ...workflows]);
  return {
    id,
    workflow,
    workflowId,
    workflows,
    siblings: ofInstant.filter(
      (row) => row.workflow === workflow && isSameKind(parseExecutionId(row.executionId), id),
    ),
    otherWorkflows: [...new Set(ofInstant.map((row) => row.workflow))].filter(
      (name) => !own.has(name),
    ),
    knownShapes: shapes.get(workflow) ?? [],
  };
}

/**
 * The run that linked rows of the execution agree on; `namedRunId`: they say a run, and none of
 * them its experiment.
 */
function siblingRun(
  execution: OpenExecution,
  siblings: readonly ExecutionRows[],
): { readonly run: FoundRun } | { readonly run?: never; readonly namedRunId: string } | null {
  const runIds = new Set(siblings.flatMap(({ runId }) => runId ?? []));
  const [runId] = runIds;
  if (runIds.size !== 1 || runId === undefined) return null;
  const experiments = new Set(siblings.flatMap(({ experimentId }) => experimentId ?? []));
  const linked = siblings.find((row) => row.runId !== null && row.experimentId !== null);
  if (linked?.experimentId === undefined || linked.experimentId === null || experiments.size > 1)
    return { namedRunId: runId };
  const executionIds = [
    ...new Set([execution.executionId, ...siblings.map(({ executionId }) => executionId)]),
  ];
  const { workflow } = execution;
  return { run: { workflow, executionIds, runId, experimentId: linked.experimentId, facts: null } };
}
