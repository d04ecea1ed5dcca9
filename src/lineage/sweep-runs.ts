import { judge, matchesAmong, orderedShapes, type FindOptions, type RunFinding } from './find-run.ts';
import { isGood, type RunMatch } from './match-run.ts';
import { OutOfCalls, type LookupBounds, type MlflowClient } from './mlflow-client.ts';
import { MlflowFailure } from './mlflow-failure.ts';
import { sweepFilter } from './run-filter.ts';

/** A run costs MLflow about half a millisecond and 1.7 kB of answer, so a page of this many is a quarter of a second. */
const RUNS_PER_PAGE = 500;

export interface Sweep {
  /** What was recognised; the others may still be there, by another way of tagging or beyond the pages read. */
  readonly findings: ReadonlyMap<FindOptions, RunFinding>;
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
): Promise<Sweep> {
  const matches = new Map<FindOptions, RunMatch[]>(wanted.map((execution) => [execution, []]));
  const isOpen = (execution: FindOptions) =>
    !matches.get(execution)?.some(({ run, rank }) => rank === 2 && isGood(run));
  let failure: MlflowFailure | null = null;
  try {
    for (const shape of orderedShapes(wanted[0]?.knownShapes ?? [])) {
      for (const kind of ofOneKind(wanted)) {
        const open = kind.filter(isOpen);
        if (open.length === 0) continue;
        const ids = open.map(({ id }) => id);
        const filter = sweepFilter(ids, shape, shape === 'execution_id' ? soleWorkflow(open) : null);
        let pageToken: string | null = null;
        do {
          const page = await mlflow.searchRuns({ filter, maxResults: RUNS_PER_PAGE, pageToken }, bounds);
          for (const execution of open) matches.get(execution)?.push(...matchesAmong(execution, page.runs));
          pageToken = page.nextPageToken;
        } while (pageToken !== null && open.some(isOpen));
      }
    }
  } catch (error) {
    if (error instanceof MlflowFailure) failure = error;
    else if (!(error instanceof OutOfCalls)) throw error;
  }
  const findings = wanted.flatMap((execution): [FindOptions, RunFinding][] => {
    const finding = judge(execution, matches.get(execution) ?? []);
    return finding.kind === 'not_found' ? [] : [[execution, finding]];
  });
  return { findings: new Map(findings), failure };
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
