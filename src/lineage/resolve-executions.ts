import type { RunShape } from '../artifact/lineage-lookup.table.ts';
import type { Log } from '../observability/log.ts';
import { executionForms, parseExecutionId, type ExecutionId } from './execution-id.ts';
import { findRun, type FindOptions, type RunFinding } from './find-run.ts';
import type {
  ExecutionRows,
  FoundRun,
  LineageRepository,
  LinkedArtifact,
  Miss,
} from './lineage.repository.ts';
import { matchRun, type RunMatch } from './match-run.ts';
import { OutOfCalls, type LookupBounds, type MlflowClient } from './mlflow-client.ts';
import { MlflowFailure } from './mlflow-failure.ts';
import { refusal } from './run-filter.ts';
import { sweepRuns, type SweepOptions } from './sweep-runs.ts';

/** One execution without a run, as its rows name it. */
export interface OpenExecution {
  /** workflow_id, else dag_id, else ''. */
  readonly workflow: string;
  readonly executionId: string;
  /** workflow_id and dag_id, as far as there are. */
  readonly workflows: readonly string[];
}

export interface ResolveDependencies {
  readonly lineage: LineageRepository;
  readonly mlflow: MlflowClient;
  readonly log: Log;
}

/** What a look-up gave for one execution. */
export type Resolution =
  | { readonly kind: 'linked'; readonly source: 'sibling' | 'mlflow'; readonly run: FoundRun }
  | { readonly kind: 'missed'; readonly miss: Miss }
  /** Nobody was asked: calls or time ran out before its turn. */
  | { readonly kind: 'left' };

export interface Resolved {
  readonly resolutions: ReadonlyMap<OpenExecution, Resolution>;
  /** Every artifact that names a run now, and did not before. */
  readonly linked: readonly LinkedArtifact[];
  /** MLflow failed before everything was asked. */
  readonly failure: MlflowFailure | null;
}

/**
 * `one`: a look-up of its own for each. `page`: few searches for all together, whatever they find. `repair`: searches for
 * all together that are read to their end, and a look-up of its own for each that they cannot decide.
 */
export type ResolveMode = 'one' | 'page' | 'repair';

const SWEEPS: Readonly<Record<Exclude<ResolveMode, 'one'>, SweepOptions>> = {
  page: { byWorkflow: true, runsPerPage: 300, pagesMax: 2 },
  repair: { byWorkflow: false, runsPerPage: 500, pagesMax: 4 },
};

/** Individual look-ups at once; more only queue up in MLflow. */
const CONCURRENT_LOOKUPS = 4;
const NOT_YET = 'MLflow has no run of this execution yet; it is looked for again.';
const NOT_AT_ALL =
  'MLflow has no run of this execution, however often it was looked for; it is still looked for once an hour. Runs of deleted or unreadable experiments do not show.';

/**
 * Finds the runs of executions and persists what it found, once for all rows of each execution. Siblings that are linked
 * already answer first, without MLflow.
 */
export async function resolveExecutions(
  deps: ResolveDependencies,
  open: readonly OpenExecution[],
  bounds: LookupBounds,
  options: { readonly mode: ResolveMode; readonly mayAsk: (execution: OpenExecution) => boolean },
): Promise<Resolved> {
  const resolutions = new Map<OpenExecution, Resolution>();
  if (open.length === 0) return { resolutions, linked: [], failure: null };
  const context = await readContext(deps.lineage, open);
  const wanted = new Map<OpenExecution, FindOptions>();
  for (const execution of open) {
    const { id, siblings, ...more } = contextOf(context, execution);
    const sibling = siblingRun(execution, siblings);
    const refused = refusal(id);
    if (sibling !== null) resolutions.set(execution, { kind: 'linked', source: 'sibling', run: sibling });
    else if (refused !== null) resolutions.set(execution, unresolved(execution, refused));
    else if (options.mayAsk(execution))
      wanted.set(execution, { id, workflows: execution.workflows, ...more });
    else resolutions.set(execution, { kind: 'left' });
  }
  const failure =
    wanted.size === 0 ? null : await ask(deps.mlflow, wanted, bounds, options.mode, resolutions);
  return { resolutions, failure, linked: await persist(deps, resolutions) };
}

/** Fills `resolutions` with what MLflow says of each; says what it failed with. */
async function ask(
  mlflow: MlflowClient,
  wanted: ReadonlyMap<OpenExecution, FindOptions>,
  bounds: LookupBounds,
  mode: ResolveMode,
  resolutions: Map<OpenExecution, Resolution>,
): Promise<MlflowFailure | null> {
  let failure: MlflowFailure | null = null;
  if (mode !== 'one') {
    const sweep = await sweepRuns(mlflow, [...wanted.values()], bounds, SWEEPS[mode]);
    // What MLflow would not take for all together, it may take one by one.
    failure = mode === 'repair' && sweep.failure?.isOfThisRequest ? null : sweep.failure;
    for (const [execution, options] of wanted) {
      const finding = sweep.findings.get(options);
      if (finding !== undefined) resolutions.set(execution, toResolution(execution, finding));
      else if (sweep.isAbsent(options))
        resolutions.set(execution, toResolution(execution, { kind: 'not_found' }));
    }
  }
  const rest = [...wanted].filter(([execution]) => !resolutions.has(execution));
  if (mode !== 'page' && failure === null) failure = await findEach(mlflow, rest, bounds, resolutions);
  for (const [execution] of rest) {
    if (resolutions.has(execution)) continue;
    resolutions.set(execution, failure === null ? swept(execution) : unavailable(execution, failure));
  }
  return failure;
}

/** Looks up one after the other, some at once, until calls or MLflow give out; says what MLflow failed with. */
async function findEach(
  mlflow: MlflowClient,
  rest: readonly (readonly [OpenExecution, FindOptions])[],
  bounds: LookupBounds,
  resolutions: Map<OpenExecution, Resolution>,
): Promise<MlflowFailure | null> {
  const queue = [...rest];
  let failure: MlflowFailure | null = null;
  const work = async () => {
    for (let next = queue.shift(); next !== undefined && failure === null; next = queue.shift()) {
      const [execution, options] = next;
      try {
        resolutions.set(execution, toResolution(execution, await findRun(mlflow, options, bounds)));
      } catch (error) {
        if (error instanceof OutOfCalls) resolutions.set(execution, { kind: 'left' });
        else if (!(error instanceof MlflowFailure)) throw error;
        else if (error.isOfThisRequest) resolutions.set(execution, unavailable(execution, error));
        else failure = error;
      }
    }
  };
  await Promise.all(Array.from({ length: CONCURRENT_LOOKUPS }, work));
  return failure;
}

interface Context {
  readonly rows: readonly ExecutionRows[];
  readonly shapes: ReadonlyMap<string, RunShape[]>;
}

async function readContext(lineage: LineageRepository, open: readonly OpenExecution[]): Promise<Context> {
  const forms = [...new Set(open.flatMap(({ executionId }) => executionForms(executionId)))];
  const workflows = [...new Set(open.map(({ workflow }) => workflow))];
  const [rows, shapes] = await Promise.all([lineage.rowsOf(forms), lineage.knownShapes(workflows)]);
  return { rows, shapes };
}

function contextOf({ rows, shapes }: Context, { workflow, executionId }: OpenExecution) {
  const id = parseExecutionId(executionId);
  const forms = new Set(executionForms(executionId));
  const ofInstant = rows.filter((row) => forms.has(row.executionId));
  return {
    id,
    siblings: ofInstant.filter((row) => row.workflow === workflow && isSameKind(row.executionId, id)),
    otherWorkflows: [
      ...new Set(ofInstant.map((row) => row.workflow).filter((name) => name !== workflow && name !== '')),
    ],
    knownShapes: shapes.get(workflow) ?? [],
  };
}

/** A run id and an instant may be two executions (Airflow 3), so only the same kind of id makes siblings. */
function isSameKind(text: string, { runType }: ExecutionId): boolean {
  return parseExecutionId(text).runType === runType;
}

/** The run that linked rows of the execution agree on. */
function siblingRun(execution: OpenExecution, siblings: readonly ExecutionRows[]): FoundRun | null {
  const linked = siblings.filter(({ runId }) => runId !== null);
  const [first] = linked;
  if (first === undefined || first.runId === null || first.experimentId === null) return null;
  if (linked.some(({ runId }) => runId !== first.runId)) return null;
  return {
    workflow: execution.workflow,
    executionIds: [...new Set([execution.executionId, ...siblings.map(({ executionId }) => executionId)])],
    runId: first.runId,
    experimentId: first.experimentId,
    facts: null,
  };
}

function toResolution(execution: OpenExecution, finding: RunFinding): Resolution {
  if (finding.kind === 'found') {
    return { kind: 'linked', source: 'mlflow', run: toFoundRun(execution, finding.match) };
  }
  if (finding.kind === 'ambiguous') return unresolved(execution, finding.reason);
  return missed(execution, { status: 'pending', reason: NOT_YET, finalReason: NOT_AT_ALL, attempts: 1 });
}

/** With every text of the execution that the run stands for as surely as for the one that was looked up. */
function toFoundRun(execution: OpenExecution, { run, shape }: RunMatch): FoundRun {
  const { workflows, executionId } = execution;
  const isAlso = (text: string) => matchRun({ id: parseExecutionId(text), workflows }, run)?.rank === 2;
  return {
    workflow: execution.workflow,
    executionIds: executionForms(executionId).filter((text) => text === executionId || isAlso(text)),
    runId: run.runId,
    experimentId: run.experimentId,
    facts: {
      shape,
      airflowDagId: run.tags.get('airflow_dag_id') ?? null,
      airflowRunId: run.tags.get('airflow_run_id') ?? null,
    },
  };
}

function missed(
  { workflow, executionId }: OpenExecution,
  miss: Pick<Miss, 'status' | 'reason' | 'attempts'> & { finalReason?: string; waitMs?: number },
): Resolution {
  const { finalReason = miss.reason, waitMs = null } = miss;
  const name = executionId;
  return { kind: 'missed', miss: { ...miss, kind: 'execution', workflow, name, finalReason, waitMs } };
}

/** Asked for together with others, which does not find every way of tagging: no attempt, but not at once again. */
function swept(execution: OpenExecution): Resolution {
  return missed(execution, { status: 'pending', reason: NOT_YET, finalReason: NOT_AT_ALL, attempts: 0 });
}

function unavailable(execution: OpenExecution, { message, retryAfterMs }: MlflowFailure): Resolution {
  return missed(execution, { status: 'unavailable', reason: message, attempts: 0, waitMs: retryAfterMs });
}

function unresolved(execution: OpenExecution, reason: string): Resolution {
  return missed(execution, { status: 'unresolved', reason, attempts: 1 });
}

/** Writes it down, and turns what could not be written into the miss that it is. */
async function persist(
  { lineage, log }: ResolveDependencies,
  resolutions: Map<OpenExecution, Resolution>,
): Promise<readonly LinkedArtifact[]> {
  const found = [...resolutions.values()].flatMap((one) => (one.kind === 'linked' ? [one.run] : []));
  const linked = await lineage.link(found);
  const written = new Set(linked.map(({ workflow, executionId }) => JSON.stringify([workflow, executionId])));
  const misses = new Map<string, Miss>();
  for (const [execution, resolution] of resolutions) {
    if (resolution.kind === 'linked' && !isWritten(resolution.run, written)) {
      resolutions.set(execution, unresolved(execution, otherExperiment(resolution.run)));
    }
    const outcome = resolutions.get(execution);
    if (outcome?.kind === 'missed')
      misses.set(JSON.stringify([execution.workflow, execution.executionId]), outcome.miss);
  }
  await lineage.recordMisses([...misses.values()]);
  if (linked.length > 0) log.info('lineage.linked', { artifacts: linked.length, executions: found.length });
  return linked;
}

function isWritten({ workflow, executionIds }: FoundRun, written: ReadonlySet<string>): boolean {
  return executionIds.some((executionId) => written.has(JSON.stringify([workflow, executionId])));
}

/** No row took the run: whoever else linked it meanwhile is right, or the rows name an experiment that it is not in. */
function otherExperiment({ runId, experimentId }: FoundRun): string {
  return `MLflow has run ${runId} for this execution, in experiment ${experimentId}, but the artifact names another experiment.`;
}
