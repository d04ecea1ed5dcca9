import { judge, matchesAmong, orderedShapes, type FindOptions, type RunFinding } from './find-run.ts';
import { idsOf, isGood, type RunMatch } from './match-run.ts';
import { OutOfCalls, type LookupBounds, type MlflowClient } from './mlflow-client.ts';
import { MlflowFailure } from './mlflow-failure.ts';
import type { MlflowRun } from './mlflow.schema.ts';
import { executionFilters, sweepFilter } from './run-filter.ts';

/** A run costs MLflow about half a millisecond and 1.7 kB of answer, so a page of this many is a quarter of a second. */
const RUNS_PER_PAGE = 500;

export interface SweepOptions {
  /** Only runs that name the executions' workflow: fewer to read, but producers that name none are missed. */
  readonly byWorkflow: boolean;
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
 * Looks many executions up with few calls: one search over what their ids have in common, matched in memory, page after
 * page and then by the next way of tagging, for as long as calls are left and executions open.
 */
export async function sweepRuns(
  mlflow: MlflowClient,
  wanted: readonly FindOptions[],
  bounds: LookupBounds,
  { byWorkflow, pagesMax }: SweepOptions,
): Promise<Sweep> {
  const matches = new Map<FindOptions, RunMatch[]>(wanted.map((execution) => [execution, []]));
  const isOpen = (execution: FindOptions) =>
    !matches.get(execution)?.some(({ run, rank }) => rank === 2 && isGood(run));
  let isComplete = !byWorkflow;
  let failure: MlflowFailure | null = null;
  try {
    for (const shape of orderedShapes(wanted[0]?.knownShapes ?? [])) {
      for (const kind of ofOneKind(wanted)) {
        const open = kind.filter(isOpen);
        if (open.length === 0) continue;
        const workflow = byWorkflow && shape === 'execution_id' ? soleWorkflow(open) : null;
        const ids = open.map(({ id }) => id);
        const search = { filter: sweepFilter(ids, shape, workflow), maxResults: RUNS_PER_PAGE };
        const candidates = indexed(open);
        let pageToken: string | null = null;
        for (let page = 1; page <= pagesMax && open.some(isOpen); page += 1) {
          const { runs, isTruncated, nextPageToken } = await mlflow.searchRuns(
            { ...search, pageToken },
            bounds,
          );
          for (const run of runs) {
            for (const execution of candidates(run))
              matches.get(execution)?.push(...matchesAmong(execution, [run]));
          }
          pageToken = nextPageToken;
          if (!isTruncated) break;
          if (pageToken === null || page === pagesMax) isComplete = false;
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
