import { judge, matchesAmong, orderedShapes, type FindOptions, type RunFinding } from './find-run.ts';
import { idsOf, isGood, type RunMatch } from './match-run.ts';
import { OutOfCalls, type LookupBounds, type MlflowClient } from './mlflow-client.ts';
import { MlflowFailure } from './mlflow-failure.ts';
import type { MlflowRun } from './mlflow.schema.ts';
import { executionFilters, sweepFilter } from './run-filter.ts';

/** At least so many runs are read of a window, and twice as many as are looked for. */
const RUNS_IN_WINDOW_MIN = 100;
const START_EARLIEST_MS = 3_600_000;
const START_LATEST_MS = 8 * 86_400_000;

export interface SweepOptions {
  /** Only runs that name the executions' workflow: fewer to read, but producers that name none are missed. */
  readonly byWorkflow: boolean;
  /** A run costs MLflow about half a millisecond, and 1.7 kB of answer. */
  readonly runsPerPage: number;
  /** Pages of one search that are read. */
  readonly pagesMax: number;
}

export interface Sweep {
  /** What was recognised. */
  readonly findings: ReadonlyMap<FindOptions, RunFinding>;
  /** Executions that have no run for sure: every way of tagging was asked for and read to its end. */
  readonly isAbsent: (execution: FindOptions) => boolean;
  /** MLflow failed on the way; what was found before stands. */
  readonly failure: MlflowFailure | null;
}

/**
 * Looks many executions up with few calls: one search over what their ids have in common among the runs that started when
 * they should have, one over all runs (over later ones, when nothing is left to find), matched in memory, and so on by the
 * next way of tagging, for as long as calls are left and executions open.
 */
export async function sweepRuns(
  mlflow: MlflowClient,
  wanted: readonly FindOptions[],
  bounds: LookupBounds,
  { byWorkflow, runsPerPage, pagesMax }: SweepOptions,
): Promise<Sweep> {
  const matches = new Map<FindOptions, RunMatch[]>(wanted.map((execution) => [execution, []]));
  const isOpen = (execution: FindOptions) =>
    !matches.get(execution)?.some(({ run, rank }) => rank === 2 && isGood(run));
  let isComplete = !byWorkflow;
  let failure: MlflowFailure | null = null;
  try {
    // A page has no call to spare for it.
    if (!byWorkflow) await mlflow.refreshExperiments(bounds);
    for (const shape of orderedShapes(wanted[0]?.knownShapes ?? [])) {
      for (const kind of ofOneKind(wanted)) {
        const open = kind.filter(isOpen);
        if (open.length === 0) continue;
        const workflow = byWorkflow && shape === 'execution_id' ? soleWorkflow(open) : null;
        const filter = sweepFilter(
          open.map(({ id }) => id),
          shape,
          workflow,
        );
        const candidates = indexed(open);
        const take = (runs: readonly MlflowRun[]) => {
          for (const run of runs) {
            for (const execution of candidates(run)) {
              matches.get(execution)?.push(...matchesAmong(execution, [run]));
            }
          }
        };
        const window = startWindow(open);
        let later: string | null = null;
        if (window !== null) {
          const maxResults = Math.min(runsPerPage, RUNS_IN_WINDOW_MIN + 2 * open.length);
          const inWindow = `${filter} and ${startedIn(window)}`;
          const first = await mlflow.searchRuns({ filter: inWindow, maxResults, oldestFirst: true }, bounds);
          take(first.runs);
          const seenUntilMs = first.isTruncated ? (first.runs.at(-1)?.startTimeMs ?? 0) : window.untilMs;
          // A task that was run again left a newer run of the same execution.
          if (!open.some(isOpen)) later = `${filter} and attributes.start_time >= ${seenUntilMs}`;
        }
        let pageToken: string | null = null;
        for (let page = 1; page <= pagesMax && (page === 1 || open.some(isOpen)); page += 1) {
          const search = { filter: later ?? filter, maxResults: runsPerPage, pageToken };
          const found = await mlflow.searchRuns(search, bounds);
          take(found.runs);
          pageToken = found.nextPageToken;
          if (found.isTruncated && (pageToken === null || page === pagesMax)) isComplete = false;
          if (pageToken === null) break;
        }
      }
    }
  } catch (error) {
    isComplete = false;
    if (error instanceof MlflowFailure) failure = error;
    else if (!(error instanceof OutOfCalls)) throw error;
  }
  const findings = wanted.flatMap((execution): [FindOptions, RunFinding][] => {
    const finding = judge(execution, matches.get(execution) ?? []);
    return finding.kind === 'not_found' ? [] : [[execution, finding]];
  });
  return {
    findings: new Map(findings),
    isAbsent: ({ id }) => isComplete && executionFilters(id, 'execution_id').length === 1,
    failure,
  };
}

/** Milliseconds since 1970. */
interface StartWindow {
  readonly fromMs: number;
  readonly untilMs: number;
}

/**
 * When runs of these instants usually start: soon after, and in order. A scheduled run starts an interval after its date,
 * so sparse workflows need the days behind it, and dense ones have their runs in front. Runs of a backfill lie elsewhere.
 */
function startWindow(open: readonly FindOptions[]): StartWindow | null {
  const instants = open.flatMap(({ id }) => (id.instant === null ? [] : [Number(id.instant / 1000n)]));
  if (instants.length === 0) return null;
  return {
    fromMs: Math.min(...instants) - START_EARLIEST_MS,
    untilMs: Math.max(...instants) + START_LATEST_MS,
  };
}

function startedIn({ fromMs, untilMs }: StartWindow): string {
  return `attributes.start_time >= ${fromMs} and attributes.start_time <= ${untilMs}`;
}

/** Instants have something in common with instants, other texts with other texts. */
function ofOneKind(wanted: readonly FindOptions[]): FindOptions[][] {
  const instants = wanted.filter(({ id }) => id.instant !== null);
  return [instants, wanted.filter(({ id }) => id.instant === null)];
}

/** The one name that all executions have for their workflow, or null. */
function soleWorkflow(wanted: readonly FindOptions[]): string | null {
  const names = new Set(wanted.flatMap(({ workflows }) => workflows));
  const [name] = names;
  return names.size === 1 && name !== undefined ? name : null;
}

/** The executions that a run may belong to, so that not every run is compared with every execution. */
function indexed(open: readonly FindOptions[]): (run: MlflowRun) => Iterable<FindOptions> {
  const byName = new Map<string, FindOptions[]>();
  const namesOf = ({ text, instant }: FindOptions['id']) =>
    instant === null ? [text] : [text, `${instant}`];
  for (const execution of open) {
    for (const name of namesOf(execution.id)) byName.set(name, [...(byName.get(name) ?? []), execution]);
  }
  return (run) =>
    new Set(idsOf(run).flatMap(({ id }) => namesOf(id).flatMap((name) => byName.get(name) ?? [])));
}
