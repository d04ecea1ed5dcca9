import type { RunShape } from '../artifact/lineage-lookup.table.ts';
import {
  chooseRun,
  isGood,
  matchRun,
  RUN_SHAPES,
  workflowsOf,
  type RunMatch,
  type WantedExecution,
} from './match-run.ts';
import type { MlflowRun } from './mlflow.schema.ts';
import type { LookupBounds, MlflowClient } from './mlflow-client.ts';
import { executionFilters } from './run-filter.ts';

export type RunFinding =
  | { readonly kind: 'found'; readonly match: RunMatch }
  | { readonly kind: 'not_found' }
  /** More than one execution could be meant; a guess would be wrong. */
  | { readonly kind: 'ambiguous'; readonly reason: string };

export interface FindOptions extends WantedExecution {
  /** Shapes of runs that this workflow's executions were recognised by, the usual one first. */
  readonly knownShapes: readonly RunShape[];
  /** Other workflows that have artifacts of the same instant. */
  readonly otherWorkflows: readonly string[];
}

const RUNS_OF_ONE_EXECUTION = 100;

/**
 * Looks one execution up. One that is not there may be in an experiment that was made since the experiments were listed,
 * so they are listed anew before it is said to be absent.
 */
export async function findRun(
  mlflow: MlflowClient,
  wanted: FindOptions,
  bounds: LookupBounds,
): Promise<RunFinding> {
  const finding = await findAmongKnown(mlflow, wanted, bounds);
  if (finding.kind !== 'not_found' || !(await mlflow.refreshExperiments(bounds))) return finding;
  return findAmongKnown(mlflow, wanted, bounds);
}

/**
 * First by the shape that the workflow is known for, then by all others at once, unless a run that has not failed answered
 * already: at most four calls, five with the experiments.
 */
async function findAmongKnown(
  mlflow: MlflowClient,
  wanted: FindOptions,
  bounds: LookupBounds,
): Promise<RunFinding> {
  const shapes = orderedShapes(wanted.knownShapes);
  const matches: RunMatch[] = [];
  const ask = async (shape: RunShape) => {
    for (const filter of executionFilters(wanted.id, shape)) {
      const { runs } = await mlflow.searchRuns({ filter, maxResults: RUNS_OF_ONE_EXECUTION }, bounds);
      matches.push(...matchesAmong(wanted, runs));
    }
  };
  const [first = 'execution_id', ...others] = shapes;
  await ask(first);
  if (!matches.some(({ run, rank }) => rank === 2 && isGood(run))) await Promise.all(others.map(ask));
  return judge(wanted, matches);
}

export function orderedShapes(known: readonly RunShape[]): RunShape[] {
  return [...new Set([...known, ...RUN_SHAPES])];
}

export function matchesAmong(wanted: WantedExecution, runs: readonly MlflowRun[]): RunMatch[] {
  return runs.flatMap((run) => matchRun(wanted, run) ?? []);
}

/** The run to link, unless runs of several executions fit equally well. */
export function judge(
  wanted: WantedExecution & { readonly otherWorkflows: readonly string[] },
  matches: readonly RunMatch[],
): RunFinding {
  const match = chooseRun(matches);
  if (match === null) return { kind: 'not_found' };
  if (match.namesWorkflow) return { kind: 'found', match };
  if (wanted.workflows.length > 0) {
    // The run names no workflow, so only the instant speaks for it.
    if (wanted.otherWorkflows.length === 0) return { kind: 'found', match };
    return {
      kind: 'ambiguous',
      reason: `A run has this execution's date but names no workflow, and ${listed(wanted.otherWorkflows)} ran at the same time.`,
    };
  }
  const named = new Set(matches.flatMap(({ run }) => workflowsOf(run)));
  if (named.size <= 1) return { kind: 'found', match };
  return {
    kind: 'ambiguous',
    reason: `The artifact names no workflow, and runs of ${listed([...named])} have its execution_id.`,
  };
}

function listed(names: readonly string[]): string {
  return names
    .slice(0, 3)
    .map((name) => `"${name.slice(0, 60)}"`)
    .join(' and ');
}
