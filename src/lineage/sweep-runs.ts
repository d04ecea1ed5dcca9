import type { RunShape } from './lineage-lookup.table.ts';
import type { ExecutionId } from './execution-id.ts';
import {
  judge,
  matchesAmong,
  orderedShapes,
  type FindOptions,
  type RunFinding,
} from './find-run.ts';
import { chooseRun, idsOf, isSettled, RUN_SHAPES, type RunMatch } from './match-run.ts';
import {
  OutOfBounds,
  type LookupBounds,
  type MlflowClient,
  type RunPage,
} from '../mlflow/mlflow-client.ts';
import { MlflowFailure } from '../mlflow/mlflow-failure.ts';
import type { MlflowRun } from '../mlflow/mlflow.schema.ts';
import { executionFilters, sweepFilter } from './run-filter.ts';

/** Runs of a window that are read first, beside one for each execution. */
const RUNS_IN_WINDOW_MIN = 100;
/** Of the runs that started after the window. */
const RUNS_LATER_MAX = 100;
const START_EARLIEST_MS = 3_600_000;
const START_LATEST_MS = 8 * 86_400_000;

export interface SweepOptions {
  /**
   * Read every search to its end, within reason; otherwise make few calls, and ask for the workflow
   * by name.
   */
  readonly isThorough: boolean;
  /** A run costs MLflow about half a millisecond, and 1.7 kB of answer. */
  readonly runsPerPage: number;
  /** Pages of one search that are read. */
  readonly pagesMax: number;
  /**
   * Of the look-up's time, from 0 to 1; what the rest is for needs some, however slow MLflow is.
   */
  readonly shareOfTime: number;
}

export interface Sweep {
  /**
   * What is sure: a run that nothing else could come before, or whatever there is, once every way
   * of tagging was asked for and read to its end.
   */
  readonly findings: ReadonlyMap<FindOptions, RunFinding>;
  /** MLflow failed on the way; what was found before stands. */
  readonly failure: MlflowFailure | null;
}

/**
 * Looks many executions up with few calls: one search over what their ids have in common among the
 * runs that started when they should have, one over all runs (over later ones, when nothing is left
 * to find), matched in memory, and so on by the next way of tagging, for as long as calls are left
 * and executions open.
 */
export async function sweepRuns(
  mlflow: MlflowClient,
  wanted: readonly FindOptions[],
  bounds: LookupBounds,
  options: SweepOptions,
): Promise<Sweep> {
  const seen: Matches = new Map(wanted.map((execution) => [execution, []]));
  /** Executions that a newer run than those that were seen may belong to. */
  const unsure = new Set<FindOptions>();
  const own = shareOf(bounds, options.shareOfTime);
  let isComplete = options.isThorough;
  let failure: MlflowFailure | null = null;
  try {
    // A page has no call to spare for it.
    if (options.isThorough) await mlflow.refreshExperiments(own);
    for (let nth = 0; nth < RUN_SHAPES.length; nth += 1) {
      for (const { shape, executions } of groupsOf(wanted.filter(isOpenIn(seen)), nth)) {
        const read = await sweepGroup(mlflow, executions, shape, seen, own, options);
        isComplete &&= read !== 'part';
        if (read === 'unsure') for (const execution of executions) unsure.add(execution);
      }
    }
  } catch (error) {
    isComplete = false;
    if (error instanceof MlflowFailure) failure = error;
    else if (!(error instanceof OutOfBounds)) throw error;
  }
  bounds.callsLeft = own.callsLeft;
  const findings = [...seen].flatMap(([execution, matches]): [FindOptions, RunFinding][] => {
    if (unsure.has(execution)) return [];
    const match = chooseRun(matches.filter((one) => isSettled(one, execution.knownShapes)));
    if (match !== null) return [[execution, { kind: 'found', match }]];
    // A text that the common pattern misses was not asked for.
    const isDecided = isComplete && executionFilters(execution.id, 'execution_id').length === 1;
    return isDecided ? [[execution, judge(execution, matches)]] : [];
  });
  return { findings: new Map(findings), failure };
}

type Matches = Map<FindOptions, RunMatch[]>;

function isOpenIn(seen: Matches): (execution: FindOptions) => boolean {
  return (execution) =>
    !seen.get(execution)?.some((match) => isSettled(match, execution.knownShapes));
}

interface Group {
  readonly shape: RunShape;
  readonly executions: readonly FindOptions[];
}

/**
 * By the way in which each is to be asked for as the nth, and by the kind of their ids; the largest
 * first.
 */
function groupsOf(executions: readonly FindOptions[], nth: number): Group[] {
  const groups = new Map<string, { shape: RunShape; executions: FindOptions[] }>();
  for (const execution of executions) {
    const shape = orderedShapes(execution.knownShapes)[nth] ?? 'execution_id';
    // Instants have something in common with instants, other texts with other texts.
    const key = `${shape} ${execution.id.instant === null}`;
    const group = groups.get(key) ?? { shape, executions: [] };
    group.executions.push(execution);
    groups.set(key, group);
  }
  return [...groups.values()].toSorted((a, b) => b.executions.length - a.executions.length);
}

/** The same bounds with a part of the time that is left. */
function shareOf(bounds: LookupBounds, share: number): LookupBounds {
  if (share === 1) return { ...bounds };
  const signal = AbortSignal.any([bounds.signal, AbortSignal.timeout(bounds.lastsMs * share)]);
  return { ...bounds, signal };
}

/**
 * Adds to `seen` the runs of executions that are asked for in one way. `part`: there may be more of
 * them. `unsure`: every execution has one, and somebody who has to know needs to look whether it
 * has a newer one, too.
 */
async function sweepGroup(
  mlflow: MlflowClient,
  executions: readonly FindOptions[],
  shape: RunShape,
  seen: Matches,
  bounds: LookupBounds,
  { isThorough, runsPerPage, pagesMax }: SweepOptions,
): Promise<'whole' | 'part' | 'unsure'> {
  const workflow = !isThorough && shape === 'execution_id' ? soleWorkflow(executions) : null;
  const ids = executions.map(({ id }) => id);
  const filter = sweepFilter(ids, shape, workflow);
  if (filter === null) return 'part';
  const candidates = indexed(executions);
  const take = ({ runs }: RunPage) => {
    for (const run of runs) {
      for (const execution of candidates(run))
        seen.get(execution)?.push(...matchesAmong(execution, [run]));
    }
  };
  const isOpen = isOpenIn(seen);
  const window = startWindow(ids);
  if (window !== null) {
    const inWindow = { filter: `${filter} and ${startedIn(window)}`, oldestFirst: true };
    const maxResults = RUNS_IN_WINDOW_MIN + executions.length;
    let page = await mlflow.searchRuns({ ...inWindow, maxResults }, bounds);
    take(page);
    if (page.nextPageToken !== null && executions.some(isOpen)) {
      const rest = { ...inWindow, maxResults: runsPerPage, pageToken: page.nextPageToken };
      page = await mlflow.searchRuns(rest, bounds);
      take(page);
    }
    if (!executions.some(isOpen)) {
      // A task that was run again later left a newer run of the same execution.
      const seenUntilMs = page.isTruncated ? (page.runs.at(-1)?.startTimeMs ?? 0) : window.untilMs;
      const later = `${filter} and attributes.start_time >= ${seenUntilMs}`;
      const newest = await mlflow.searchRuns({ filter: later, maxResults: RUNS_LATER_MAX }, bounds);
      take(newest);
      return isThorough && newest.isTruncated ? 'unsure' : 'whole';
    }
  }
  let pageToken: string | null = null;
  for (let read = 0; read < pagesMax; read += 1) {
    const page = await mlflow.searchRuns({ filter, maxResults: runsPerPage, pageToken }, bounds);
    take(page);
    // The newest come first, so what was found has no newer one.
    if (!page.isTruncated || !executions.some(isOpen)) return 'whole';
    pageToken = page.nextPageToken;
    if (pageToken === null) return 'part';
  }
  return 'part';
}

/** Milliseconds since 1970. */
interface StartWindow {
  readonly fromMs: number;
  readonly untilMs: number;
}

/**
 * When runs of these instants usually start: soon after, and in order. A scheduled run starts an
 * interval after its date, so sparse workflows need the days behind it, and dense ones have their
 * runs in front. Runs of a backfill lie elsewhere.
 */
function startWindow(ids: readonly ExecutionId[]): StartWindow | null {
  const instants = ids.flatMap(({ instant }) =>
    instant === null ? [] : [Number(instant / 1000n)],
  );
  if (instants.length === 0) return null;
  return {
    fromMs: Math.min(...instants) - START_EARLIEST_MS,
    untilMs: Math.max(...instants) + START_LATEST_MS,
  };
}

function startedIn({ fromMs, untilMs }: StartWindow): string {
  return `attributes.start_time >= ${fromMs} and attributes.start_time <= ${untilMs}`;
}

/** The one workflow_id that runs of all of them are expected to have, or null. */
function soleWorkflow(executions: readonly FindOptions[]): string | null {
  const names = new Set(executions.map(({ workflow }) => workflow));
  const [name] = names;
  return names.size === 1 && name !== undefined && name !== '' ? name : null;
}

/**
 * The executions that a run may belong to, so that not every run is compared with every execution.
 */
function indexed(open: readonly FindOptions[]): (run: MlflowRun) => Iterable<FindOptions> {
  const byName = new Map<string, FindOptions[]>();
  const namesOf = ({ text, instant }: FindOptions['id']) =>
    instant === null ? [text] : [text, `${instant}`];
  for (const execution of open) {
    for (const name of namesOf(execution.id))
      byName.set(name, [...(byName.get(name) ?? []), execution]);
  }
  return (run) =>
    new Set(idsOf(run).flatMap(({ id }) => namesOf(id).flatMap((name) => byName.get(name) ?? [])));
}
