import type { MlflowConfig } from '../config.ts';
import { OutOfBudget, type Budget } from '../upstream/budget.ts';
import { createCircuitBreaker } from '../upstream/circuit-breaker.ts';
import { UpstreamFailure } from '../upstream/upstream-failure.ts';
import { createExperimentList, EXPERIMENTS_PER_PAGE } from './experiment-list.ts';
import { createMlflowTransport } from './mlflow-transport.ts';
import {
  experimentsSearchSchema,
  runGetSchema,
  runsSearchSchema,
  toMlflowRun,
  type Experiment,
  type MlflowRun,
} from './mlflow.schema.ts';

export interface RunPage {
  readonly runs: readonly MlflowRun[];
  /** More runs match than were given. */
  readonly isTruncated: boolean;
  /** Asks for them; null as well when the search needed several calls. */
  readonly nextPageToken: string | null;
}

export interface RunSearch {
  readonly filter: string;
  readonly maxResults: number;
  readonly oldestFirst?: boolean;
  /** MLflow hides deleted runs otherwise. */
  readonly withDeleted?: boolean;
  readonly pageToken?: string | null;
}

/**
 * MLflow's REST API as far as lineage needs it. Everything throws `UpstreamFailure`, or
 * `OutOfBudget`.
 */
export interface MlflowClient {
  /** In all experiments that may be searched, the newest first unless told otherwise. */
  searchRuns(search: RunSearch, budget: Budget): Promise<RunPage>;
  /**
   * Lists the experiments anew, unless this look-up has already. True: there are some that its
   * searches left out so far.
   */
  refreshExperiments(budget: Budget): Promise<boolean>;
  /** Deleted runs too; null when there is no such run. `runId` must be a `MLFLOW_ID`. */
  getRun(runId: string, budget: Budget): Promise<MlflowRun | null>;
  /** Whether it shows this account experiments. */
  probe(budget: Budget): Promise<void>;
  /**
   * The same in one small call that waits for no other and asks even while the breaker is open.
   * Throws `OutOfBudget` when `signal` ends it: a short deadline proves nothing to those who have a
   * longer one.
   */
  ping(signal: AbortSignal): Promise<void>;
  /** Why nobody asks MLflow at the moment, or null. */
  outage(): UpstreamFailure | null;
}

export interface MlflowClientOptions {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Lets what several requests share end after the answer to one of them. */
  readonly defer: (work: Promise<unknown>) => void;
}

/** Experiment ids of one search, 0.2 s on SQLite; further ones go into another. */
const EXPERIMENTS_PER_SEARCH = 10_000;

/** One an isolate, with the circuit breaker of this MLflow. */
export function createMlflowClient(
  config: MlflowConfig & { readonly trackingUri: string },
  options: MlflowClientOptions,
): MlflowClient {
  const breaker = createCircuitBreaker(options.now);
  const transport = createMlflowTransport(config, breaker, options.now);
  const { outage } = breaker;
  const experiments = createExperimentList(transport, wantedOf, { ...options, outage });

  function wantedOf(all: readonly Experiment[]): string[] {
    const names = new Set(config.experimentNames);
    const wanted = all.filter(({ name }) => names.size === 0 || names.has(name));
    return wanted.map(({ experiment_id }) => experiment_id);
  }

  /** Throws where nothing could be searched. */
  function someOf(ids: readonly string[]): readonly string[] {
    if (ids.length > 0) return ids;
    throw new UpstreamFailure(noExperiments(config.experimentNames));
  }

  /** Null: the budget is used up. */
  async function searchSome(
    experimentIds: readonly string[],
    { filter, maxResults, oldestFirst = false, withDeleted = false, pageToken = null }: RunSearch,
    budget: Budget,
  ): Promise<{ runs: MlflowRun[]; nextPageToken: string | null } | null> {
    const body = {
      experiment_ids: experimentIds,
      filter,
      order_by: [`attributes.start_time ${oldestFirst ? 'ASC' : 'DESC'}`],
      ...(withDeleted ? { run_view_type: 'ALL' } : {}),
      max_results: maxResults,
      ...(pageToken === null ? {} : { page_token: pageToken }),
    };
    const search = { path: 'runs/search', body, answer: runsSearchSchema };
    try {
      const page = await transport.call(search, budget);
      return {
        runs: (page?.runs ?? []).map(toMlflowRun),
        nextPageToken: page?.next_page_token || null,
      };
    } catch (error) {
      if (error instanceof OutOfBudget) return null;
      throw error;
    }
  }

  return {
    outage,
    refreshExperiments: experiments.refresh,

    async searchRuns(search, budget) {
      const ids = someOf(await experiments.ids(budget));
      const runs: MlflowRun[] = [];
      const nextTokens: string[] = [];
      for (let from = 0; from < ids.length; from += EXPERIMENTS_PER_SEARCH) {
        const some = ids.slice(from, from + EXPERIMENTS_PER_SEARCH);
        const page = await searchSome(some, search, budget);
        if (page === null && from === 0) throw new OutOfBudget();
        // What the first experiments gave is worth having.
        if (page === null) return { runs, isTruncated: true, nextPageToken: null };
        runs.push(...page.runs);
        if (page.nextPageToken !== null) nextTokens.push(page.nextPageToken);
      }
      const isOneCall = ids.length <= EXPERIMENTS_PER_SEARCH;
      return {
        runs,
        isTruncated: nextTokens.length > 0,
        nextPageToken: isOneCall ? (nextTokens[0] ?? null) : null,
      };
    },

    async probe(budget) {
      // A moment ago is not now.
      await experiments.refresh(budget);
      someOf(await experiments.ids(budget));
    },

    async ping(signal) {
      const isAny = config.experimentNames.length === 0;
      const body = { max_results: isAny ? 1 : EXPERIMENTS_PER_PAGE };
      const request = { path: 'experiments/search', body, answer: experimentsSearchSchema };
      const page = await transport.callAtOnce(request, signal);
      // What is wanted may be on another page.
      if (!page?.next_page_token) someOf(wantedOf(page?.experiments ?? []));
    },

    async getRun(runId, budget) {
      const path = `runs/get?run_id=${encodeURIComponent(runId)}`;
      const answer = await transport.call({ path, body: null, answer: runGetSchema }, budget);
      return answer === null ? null : toMlflowRun(answer.run);
    },
  };
}

function noExperiments(names: readonly string[]): string {
  if (names.length === 0) return 'MLflow shows this account no experiment.';
  const listed = names.join(', ').slice(0, 200);
  return `MLflow has none of the experiments that MLFLOW_EXPERIMENT_NAMES names (${listed}).`;
}
