import type { RunShape } from './lineage-lookup.table.ts';
import {
  chooseRun,
  isSettled,
  matchRun,
  RUN_SHAPES,
  workflowsOf,
  type RunMatch,
  type WantedExecution,
} from './match-run.ts';
import type { MlflowRun } from '../mlflow/mlflow.schema.ts';
import type { LookupBounds, MlflowClient } from '../mlflow/mlflow-client.ts';
import { executionFilters, workflowFilters } from './run-filter.ts';

export type RunFinding =
  | { readonly kind: 'found'; readonly match: RunMatch }
  | { readonly kind: 'not_found' }
  /** More than one execution could be meant; a guess would be wrong. */
  | { readonly kind: 'ambiguous'; readonly reason: string };

export interface FindOptions extends WantedExecution {
  /** What runs of it are expected to have as `workflow_id`; empty: unknown. */
  readonly workflow: string;
  /** Shapes of runs that this workflow's executions were recognised by, the usual one first. */
  readonly knownShapes: readonly RunShape[];
  /** Other workflows that have artifacts of the same instant. */
  readonly otherWorkflows: readonly string[];
}

/** `known`: ask only in the ways that have worked for the workflow; where none has, in all. */
export type FindScope = 'known' | 'all';

const RUNS_OF_ONE_EXECUTION = 100;

/**
 * Looks one execution up. One that is not there may be in an experiment that was made since the
 * experiments were listed, so they are listed anew before it is said to be absent.
 */
export async function findRun(
  mlflow: MlflowClient,
  wanted: FindOptions,
  bounds: LookupBounds,
  scope: FindScope,
): Promise<RunFinding> {
  const finding = await findAmongKnown(mlflow, wanted, bounds, scope);
  if (finding.kind !== 'not_found' || !(await mlflow.refreshExperiments(bounds))) return finding;
  return findAmongKnown(mlflow, wanted, bounds, scope);
}

/**
 * First in the usual way, then in all others at once, unless a run answered already that nothing
 * could come before.
 */
async function findAmongKnown(
  mlflow: MlflowClient,
  wanted: FindOptions,
  bounds: LookupBounds,
  scope: FindScope,
): Promise<RunFinding> {
  const matches: RunMatch[] = [];
  const ask = async (shape: RunShape) => {
    matches.push(...matchesAmong(wanted, await searchExecution(mlflow, wanted, shape, bounds)));
  };
  const { knownShapes } = wanted;
  const [first = 'execution_id', ...others] = orderedShapes(knownShapes);
  await ask(first);
  const isEnough =
    matches.some((match) => isSettled(match, knownShapes)) ||
    (matches.length === 0 && scope === 'known' && knownShapes.length === 1);
  if (!isEnough) await Promise.all(others.map(ask));
  return judge(wanted, matches);
}

/**
 * The runs that one way of tagging finds; of so many that MLflow does not give all, those of the
 * workflow as well.
 */
async function searchExecution(
  mlflow: MlflowClient,
  { id, workflows }: FindOptions,
  shape: RunShape,
  bounds: LookupBounds,
): Promise<readonly MlflowRun[]> {
  const found: MlflowRun[] = [];
  const maxResults = RUNS_OF_ONE_EXECUTION;
  for (const filter of executionFilters(id, shape)) {
    const { runs, isTruncated } = await mlflow.searchRuns({ filter, maxResults }, bounds);
    found.push(...runs);
    if (!isTruncated) continue;
    for (const narrower of workflowFilters(workflows)) {
      const search = { filter: `${narrower} and ${filter}`, maxResults };
      found.push(...(await mlflow.searchRuns(search, bounds)).runs);
    }
  }
  // The same run may have come twice.
  return [...new Map(found.map((run) => [run.runId, run])).values()];
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
  if (match.namesWorkflow) {
    const owners = new Set(matches.flatMap(({ run }) => run.tags.get('workflow_id') || []));
    if (wanted.workflowId !== null || owners.size <= 1) return { kind: 'found', match };
    return {
      kind: 'ambiguous',
      reason: `The artifact names only a DAG, and runs of ${listed([...owners])} have its execution_id there.`,
    };
  }
  if (wanted.workflows.length > 0) {
    // The run names no workflow, so only the instant speaks for it.
    if (wanted.otherWorkflows.length === 0) return { kind: 'found', match };
    return {
      kind: 'ambiguous',
      reason: `A run has this execution's date but names no workflow, and ${listed(wanted.otherWorkflows)} ran at the same time.`,
    };
  }
  const named = new Set(workflowsOf(match.run));
  const elsewhere = wanted.otherWorkflows.filter((name) => !named.has(name));
  if (elsewhere.length > 0) {
    return {
      kind: 'ambiguous',
      reason: `The artifact names no workflow, and ${listed(elsewhere)} has artifacts of the same execution_id.`,
    };
  }
  const others = matches.map(({ run }) => workflowsOf(run)).filter((names) => names.length > 0);
  const isOneWorkflow = others.every((names) => names.some((name) => named.has(name)));
  if (isOneWorkflow) return { kind: 'found', match };
  const all = [...new Set([...named, ...others.flat()])];
  return {
    kind: 'ambiguous',
    reason: `The artifact names no workflow, and runs of ${listed(all)} have its execution_id.`,
  };
}

function listed(names: readonly string[]): string {
  return names
    .slice(0, 3)
    .map((name) => `"${name.slice(0, 60)}"`)
    .join(' and ');
}
