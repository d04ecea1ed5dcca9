import type { MlflowClient, RunPage } from '../mlflow/mlflow-client.ts';
import { startedBetween, startedFrom } from '../mlflow/mlflow-filters.ts';
import type { MlflowRun } from '../mlflow/mlflow.schema.ts';
import { OutOfBudget, type Budget } from '../upstream/budget.ts';
import { UpstreamFailure } from '../upstream/upstream-failure.ts';
import type { ExecutionContext } from './execution-context.ts';
import type { Findings } from './find-runs.ts';
import { RUN_SHAPES } from './lineage-lookup.table.ts';
import { chooseRun, isSettled, matchesAmong, type RunMatch } from './match-run.ts';
import type { Finding } from './outcome.ts';
import type { SweepPolicy } from './policy.ts';
import { executionFilters, sweepFilter } from './run-filter.ts';
import type { ExecutionSubject } from './subject.ts';
import {
  candidatesAmong,
  groupsOf,
  soleWorkflow,
  startWindow,
  type SweepGroup,
} from './sweep-groups.ts';

/** Runs of a window that are read first, beside one for each execution. */
const RUNS_IN_WINDOW_MIN = 100;
/** Of the runs that started after the window. */
const RUNS_LATER_MAX = 100;

/**
 * Looks many executions up with few calls: one search over what their ids have in common among the
 * runs that started when they should have, one over all runs (over later ones, when nothing is left
 * to find), matched in memory, and so on by the next way of tagging, for as long as calls are left
 * and executions without a run. Its findings are what is sure: a run that nothing else could come
 * before, or whatever there is, once every way of tagging was asked for and read to its end.
 */
export async function sweepRuns(
  mlflow: MlflowClient,
  executions: ReadonlyMap<ExecutionSubject, ExecutionContext>,
  budget: Budget,
  policy: SweepPolicy,
): Promise<Findings<ExecutionSubject>> {
  const seen = createSightings(executions);
  /** Executions that a newer run than those that were seen may belong to. */
  const unsure = new Set<ExecutionSubject>();
  const { shareOfTime } = policy;
  const own = shareOfTime === 1 ? budget : budget.within(budget.msLeft() * shareOfTime);
  let isComplete = policy.readsToEnd;
  let failure: UpstreamFailure | null = null;
  try {
    // A page has no call to spare for it.
    if (policy.readsToEnd) await mlflow.refreshExperiments(own);
    for (let nth = 0; nth < RUN_SHAPES.length; nth += 1) {
      const missing = new Map([...executions].filter(([subject]) => seen.isMissing(subject)));
      for (const group of groupsOf(missing, nth)) {
        const read = await sweepGroup(mlflow, group, seen, own, policy);
        isComplete &&= read !== 'part';
        if (read === 'unsure') for (const subject of group.subjects) unsure.add(subject);
      }
    }
  } catch (error) {
    isComplete = false;
    if (error instanceof UpstreamFailure) failure = error;
    else if (!(error instanceof OutOfBudget)) throw error;
  }
  const findings = new Map<ExecutionSubject, Finding>();
  for (const [subject, { usualShapes }] of executions) {
    if (unsure.has(subject)) continue;
    const matches = seen.of(subject);
    const match = chooseRun(matches.filter((one) => isSettled(one, usualShapes)));
    // A text that the common pattern misses was not asked for.
    const isDecided = isComplete && executionFilters(subject.id, 'execution_id').length === 1;
    if (match !== null) findings.set(subject, { kind: 'certain', match });
    else if (isDecided) findings.set(subject, { kind: 'matches', matches, ways: 'all' });
  }
  return { findings, failure };
}

/** The runs that were seen of each execution. */
interface Sightings {
  of(subject: ExecutionSubject): readonly RunMatch[];
  /** None of its runs is sure. */
  isMissing(subject: ExecutionSubject): boolean;
  add(subject: ExecutionSubject, run: MlflowRun): void;
}

function createSightings(executions: ReadonlyMap<ExecutionSubject, ExecutionContext>): Sightings {
  /** By run: what two searches show is one run. */
  const matches = new Map<ExecutionSubject, Map<string, RunMatch>>();
  const sure = new Set<ExecutionSubject>();
  return {
    of: (subject) => [...(matches.get(subject)?.values() ?? [])],
    isMissing: (subject) => !sure.has(subject),
    add(subject, run) {
      const usualShapes = executions.get(subject)?.usualShapes ?? [];
      for (const match of matchesAmong(subject, [run])) {
        const own = matches.get(subject) ?? new Map<string, RunMatch>();
        matches.set(subject, own.set(run.runId, match));
        if (isSettled(match, usualShapes)) sure.add(subject);
      }
    },
  };
}

/**
 * Adds to `seen` the runs of one group. `part`: there may be more of them. `unsure`: every
 * execution has one, and somebody who has to know needs to look whether it has a newer one, too.
 */
async function sweepGroup(
  mlflow: MlflowClient,
  { shape, subjects }: SweepGroup,
  seen: Sightings,
  budget: Budget,
  { readsToEnd, runsPerPage, pagesMax }: SweepPolicy,
): Promise<'whole' | 'part' | 'unsure'> {
  const workflow = !readsToEnd && shape === 'execution_id' ? soleWorkflow(subjects) : null;
  const ids = subjects.map(({ id }) => id);
  const filter = sweepFilter(ids, shape, workflow);
  if (filter === null) return 'part';
  const candidates = candidatesAmong(subjects);
  const take = ({ runs }: RunPage) => {
    for (const run of runs) for (const subject of candidates(run)) seen.add(subject, run);
  };
  const isAnyMissing = () => subjects.some((subject) => seen.isMissing(subject));
  const window = startWindow(ids);
  if (window !== null) {
    const started = startedBetween(window.fromMs, window.untilMs);
    const inWindow = { filter: `${filter} and ${started}`, oldestFirst: true };
    const maxResults = RUNS_IN_WINDOW_MIN + subjects.length;
    let page = await mlflow.searchRuns({ ...inWindow, maxResults }, budget);
    take(page);
    if (page.nextPageToken !== null && isAnyMissing()) {
      const rest = { ...inWindow, maxResults: runsPerPage, pageToken: page.nextPageToken };
      page = await mlflow.searchRuns(rest, budget);
      take(page);
    }
    if (!isAnyMissing()) {
      // A task that was run again later left a newer run of the same execution.
      const seenUntilMs = page.isTruncated ? (page.runs.at(-1)?.startTimeMs ?? 0) : window.untilMs;
      const later = { filter: `${filter} and ${startedFrom(seenUntilMs)}` };
      const newest = await mlflow.searchRuns({ ...later, maxResults: RUNS_LATER_MAX }, budget);
      take(newest);
      return readsToEnd && newest.isTruncated ? 'unsure' : 'whole';
    }
  }
  let pageToken: string | null = null;
  for (let read = 0; read < pagesMax; read += 1) {
    const search = { filter, maxResults: runsPerPage, pageToken };
    const page: RunPage = await mlflow.searchRuns(search, budget);
    take(page);
    // The newest come first, so what was found has no newer one.
    if (!page.isTruncated || !isAnyMissing()) return 'whole';
    pageToken = page.nextPageToken;
    if (pageToken === null) return 'part';
  }
  return 'part';
}
