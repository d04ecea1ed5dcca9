import type { MlflowConfig } from '../config.ts';
import { BodyError, readCapped } from '../storage/read-capped.ts';
import type { CircuitBreaker } from '../upstream/circuit-breaker.ts';
import { createInFlight } from '../upstream/in-flight.ts';
import { MlflowFailure, statusFailure } from './mlflow-failure.ts';
import {
  experimentsSearchSchema,
  mlflowErrorSchema,
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

/** What bounds one look-up: its deadline, and how many calls may still be made. */
export interface LookupBounds {
  readonly signal: AbortSignal;
  callsLeft: number;
  /** Milliseconds from its start to the end that `signal` sets. */
  readonly lastsMs: number;
  /**
   * Milliseconds after which one call alone is slow; cut off earlier, because others took the time,
   * it proves nothing.
   */
  readonly slowMs: number;
  /** It asks even while the breaker is open. */
  readonly isForced: boolean;
  /**
   * Milliseconds since 1970; experiments that were listed before may lack the one that is looked
   * for.
   */
  readonly startedAt: number;
}

/**
 * MLflow's REST API as far as lineage needs it. Everything throws `MlflowFailure`, or
 * `OutOfBounds`.
 */
export interface MlflowClient {
  /** In all experiments that may be searched, the newest first unless told otherwise. */
  searchRuns(search: RunSearch, bounds: LookupBounds): Promise<RunPage>;
  /**
   * Lists the experiments anew, unless this look-up has already. True: there are some that its
   * searches left out so far.
   */
  refreshExperiments(bounds: LookupBounds): Promise<boolean>;
  /** Deleted runs too; null when there is no such run. */
  getRun(runId: string, bounds: LookupBounds): Promise<MlflowRun | null>;
  /** Whether it shows this account experiments. */
  probe(bounds: LookupBounds): Promise<void>;
  /**
   * The same in one small call that waits for no other and asks even while the breaker is open.
   * Throws `OutOfBounds` when `signal` ends it: a short deadline proves nothing to those who have a
   * longer one.
   */
  ping(signal: AbortSignal): Promise<void>;
  /** Why nobody asks MLflow at the moment, or null. */
  openedBy(): MlflowFailure | null;
}

/**
 * Nothing is wrong, but this look-up may not ask any further: its calls or its time are used up.
 */
export class OutOfBounds extends Error {
  override readonly name = 'OutOfBounds';
}

/** A page of 1,000 runs is 1.7 MB, one of 10,000 experiments 2.1 MB. */
const ANSWER_MAX_BYTES = 16_000_000;
/** Calls in flight from one isolate; a Worker has six connections for everything. */
const CALLS_AT_ONCE = 4;
const POLL_MS = 10;
/** A call of a reader that went away never comes back, and is not waited for any longer. */
const CALL_MAX_MS = 2_000;
const LISTING = 'experiments';
const EXPERIMENTS_TTL_MS = 30_000;
const EXPERIMENTS_PER_PAGE = 10_000;
/** Experiment ids of one search, 0.2 s on SQLite; further ones go into another. */
const EXPERIMENTS_PER_SEARCH = 10_000;
const NOT_FOUND = 'RESOURCE_DOES_NOT_EXIST';

type Parser<T> = { safeParse(value: unknown): { success: true; data: T } | { success: false } };

export function createMlflowClient(
  config: MlflowConfig & { readonly trackingUri: string },
  breaker: CircuitBreaker,
  now: () => number,
): MlflowClient {
  let known: { ids: readonly string[]; listedAt: number } | null = null;
  const calls = createInFlight(CALL_MAX_MS, now);
  const listings = createInFlight(CALL_MAX_MS, now);
  let callsMade = 0;
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  if (config.authorization !== null) headers['authorization'] = config.authorization;
  if (config.workspace !== null) headers['x-mlflow-workspace'] = config.workspace;

  /** One call. Null: MLflow says that what was asked for does not exist. */
  async function call<T>(
    path: string,
    body: object | null,
    answer: Parser<T>,
    bounds: LookupBounds,
  ): Promise<T | null> {
    await roomForACall(bounds);
    bounds.callsLeft -= 1;
    const ask = () => exchange(path, body, answer, bounds);
    return calls.run(`${(callsMade += 1)}`, () => breaker.run(ask, bounds.isForced));
  }

  async function exchange<T>(
    path: string,
    body: object | null,
    answer: Parser<T>,
    { signal, slowMs }: Pick<LookupBounds, 'signal' | 'slowMs'>,
  ): Promise<T | null> {
    const askedAt = now();
    try {
      const response = await fetch(`${config.trackingUri}/api/2.0/mlflow/${path}`, {
        method: body === null ? 'GET' : 'POST',
        headers,
        redirect: 'manual',
        signal,
        ...(body === null ? {} : { body: JSON.stringify(body) }),
      });
      const text = new TextDecoder().decode(await readCapped(response, ANSWER_MAX_BYTES, signal));
      if (response.status === 200) return parsed(text, answer);
      const code = errorCode(text);
      if (response.status === 404 && code === NOT_FOUND) return null;
      throw statusFailure(response, text, code);
    } catch (error) {
      if (signal.aborted && now() - askedAt < slowMs) throw new OutOfBounds();
      throw asFailure(error, signal);
    }
  }

  /**
   * Many readers at once would wait for each other inside MLflow, and it would look slow to all of
   * them.
   */
  async function roomForACall(bounds: LookupBounds): Promise<void> {
    while (
      calls.count() >= CALLS_AT_ONCE &&
      !bounds.signal.aborted &&
      breaker.openedBy() === null
    ) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    if (bounds.callsLeft <= 0 || bounds.signal.aborted) throw new OutOfBounds();
  }

  async function experimentIds(bounds: LookupBounds): Promise<readonly string[]> {
    // Who comes while they are listed does not list them, too.
    if (!isFresh(bounds)) await listings.settled(LISTING);
    return isFresh(bounds) && known !== null ? known.ids : listExperiments(bounds);
  }

  /** None at all is worth asking again for every look-up. */
  function isFresh({ startedAt }: LookupBounds): boolean {
    if (known === null || now() >= known.listedAt + EXPERIMENTS_TTL_MS) return false;
    return known.ids.length > 0 || known.listedAt >= startedAt;
  }

  async function listExperiments(bounds: LookupBounds): Promise<readonly string[]> {
    const listedAt = now();
    const all = await listings.run(LISTING, () => allExperiments(bounds));
    known = { ids: wantedOf(all), listedAt };
    return known.ids;
  }

  function wantedOf(experiments: readonly Experiment[]): string[] {
    const names = new Set(config.experimentNames);
    const wanted = experiments.filter(({ name }) => names.size === 0 || names.has(name));
    return wanted.map(({ experiment_id }) => experiment_id);
  }

  async function allExperiments(bounds: LookupBounds): Promise<Experiment[]> {
    const experiments: Experiment[] = [];
    let pageToken: string | undefined;
    do {
      const page = await call(
        'experiments/search',
        {
          max_results: EXPERIMENTS_PER_PAGE,
          ...(pageToken === undefined ? {} : { page_token: pageToken }),
        },
        experimentsSearchSchema,
        bounds,
      );
      experiments.push(...(page?.experiments ?? []));
      pageToken = page?.next_page_token || undefined;
    } while (pageToken !== undefined);
    return experiments;
  }

  /** Throws where nothing could be searched. */
  function someOf(ids: readonly string[]): readonly string[] {
    if (ids.length > 0) return ids;
    throw new MlflowFailure('refused', noExperiments(config.experimentNames));
  }

  return {
    openedBy: breaker.openedBy,

    async searchRuns(
      { filter, maxResults, oldestFirst = false, withDeleted = false, pageToken = null },
      bounds,
    ) {
      const ids = someOf(await experimentIds(bounds));
      const runs: MlflowRun[] = [];
      const nextTokens: string[] = [];
      let isCut = false;
      for (let from = 0; from < ids.length; from += EXPERIMENTS_PER_SEARCH) {
        const search = {
          experiment_ids: ids.slice(from, from + EXPERIMENTS_PER_SEARCH),
          filter,
          order_by: [`attributes.start_time ${oldestFirst ? 'ASC' : 'DESC'}`],
          ...(withDeleted ? { run_view_type: 'ALL' } : {}),
          max_results: maxResults,
          ...(pageToken === null ? {} : { page_token: pageToken }),
        };
        const page = await call('runs/search', search, runsSearchSchema, bounds).catch(
          (error: unknown) => {
            // What the first experiments gave is worth having.
            if (from === 0 || !(error instanceof OutOfBounds)) throw error;
            isCut = true;
            return null;
          },
        );
        if (isCut) break;
        runs.push(...(page?.runs ?? []).map(toMlflowRun));
        if (page?.next_page_token) nextTokens.push(page.next_page_token);
      }
      const isOneCall = ids.length <= EXPERIMENTS_PER_SEARCH;
      return {
        runs,
        isTruncated: isCut || nextTokens.length > 0,
        nextPageToken: isOneCall ? (nextTokens[0] ?? null) : null,
      };
    },

    async refreshExperiments(bounds) {
      if (known !== null && known.listedAt >= bounds.startedAt) return false;
      const before = new Set(known?.ids);
      return (await listExperiments(bounds)).some((id) => !before.has(id));
    },

    async probe(bounds) {
      someOf(await listExperiments(bounds));
    },

    async ping(signal) {
      const search = {
        max_results: config.experimentNames.length === 0 ? 1 : EXPERIMENTS_PER_PAGE,
      };
      const ask = () =>
        exchange('experiments/search', search, experimentsSearchSchema, {
          signal,
          slowMs: Infinity,
        });
      const page = await breaker.run(ask, true);
      // What is wanted may be on another page.
      if (!page?.next_page_token) someOf(wantedOf(page?.experiments ?? []));
    },

    async getRun(runId, bounds) {
      const path = `runs/get?run_id=${encodeURIComponent(runId)}`;
      const answer = await call(path, null, runGetSchema, bounds);
      return answer === null ? null : toMlflowRun(answer.run);
    },
  };
}

function noExperiments(names: readonly string[]): string {
  return names.length === 0
    ? 'MLflow shows this account no experiment.'
    : `MLflow has none of the experiments that MLFLOW_EXPERIMENT_NAMES names (${names.join(', ').slice(0, 200)}).`;
}

function parsed<T>(text: string, answer: Parser<T>): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    const isPage = text.trimStart().startsWith('<');
    throw new MlflowFailure(
      'wrong',
      isPage
        ? 'MLflow answered with a web page, not with JSON: is there a login page or a proxy in between?'
        : 'MLflow answered with something that is not JSON.',
    );
  }
  const result = answer.safeParse(value);
  if (!result.success)
    throw new MlflowFailure('wrong', 'MLflow answered with JSON of another shape.');
  return result.data;
}

function errorCode(text: string): string | null {
  try {
    const result = mlflowErrorSchema.safeParse(JSON.parse(text));
    return result.success ? result.data.error_code : null;
  } catch {
    return null;
  }
}

function asFailure(error: unknown, signal: AbortSignal): MlflowFailure {
  if (error instanceof MlflowFailure) return error;
  if (error instanceof BodyError) {
    return new MlflowFailure(
      'wrong',
      `MLflow's answer ${error.reason === 'cut' ? error.message : `is ${error.message}`}.`,
    );
  }
  return signal.aborted
    ? new MlflowFailure('slow', 'MLflow did not answer in time.')
    : new MlflowFailure('unreachable', 'MLflow cannot be reached.');
}
