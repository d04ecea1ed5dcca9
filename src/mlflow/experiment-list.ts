import { createFlights, type Flights } from '../concurrency/share-flight.ts';
import { OutOfBudget, type Budget } from '../upstream/budget.ts';
import type { UpstreamFailure } from '../upstream/upstream-failure.ts';
import type { MlflowTransport } from './mlflow-transport.ts';
import { experimentsSearchSchema, type Experiment } from './mlflow.schema.ts';

/** The experiments that one account may search, by id. Throws what its calls throw. */
export interface ExperimentList {
  /** As they were listed a moment ago, or now. */
  ids(budget: Budget): Promise<readonly string[]>;
  /**
   * Lists them anew, unless this budget has already. True: there are some that its searches left
   * out so far.
   */
  refresh(budget: Budget): Promise<boolean>;
}

interface Listing {
  readonly ids: readonly string[];
  /** Milliseconds since 1970. */
  readonly listedAt: number;
}

export const EXPERIMENTS_PER_PAGE = 10_000;
const EXPERIMENTS_TTL_MS = 30_000;
const LISTING = 'experiments';

/** `wanted`: which of them are searched. `defer` lets a listing end for those who share it. */
export function createExperimentList(
  transport: MlflowTransport,
  wanted: (experiments: readonly Experiment[]) => readonly string[],
  options: {
    readonly now: () => number;
    readonly defer: (work: Promise<unknown>) => void;
    readonly outage: () => UpstreamFailure | null;
  },
): ExperimentList {
  const { now, defer, outage } = options;
  let known: Listing | null = null;
  const listings: Flights<Listing, never> = createFlights({ defer });

  async function list(budget: Budget): Promise<Listing> {
    const listedAt = now();
    const experiments: Experiment[] = [];
    let pageToken: string | undefined;
    do {
      const more = pageToken === undefined ? {} : { page_token: pageToken };
      const body = { max_results: EXPERIMENTS_PER_PAGE, ...more };
      const answer = experimentsSearchSchema;
      const page = await transport.call({ path: 'experiments/search', body, answer }, budget);
      experiments.push(...(page?.experiments ?? []));
      pageToken = page?.next_page_token || undefined;
    } while (pageToken !== undefined);
    known = { ids: wanted(experiments), listedAt };
    return known;
  }

  /** Who comes while they are listed does not list them, too. */
  const share = (budget: Budget, isGood: (listing: Listing) => boolean): Promise<Listing> =>
    listings.share(LISTING, {
      lead: async () => ({ value: await list(budget) }),
      take({ settled }, role) {
        if (role === 'leader') {
          if (settled === null) return undefined;
          if (settled.ok) return settled.value;
          throw settled.error;
        }
        if (settled?.ok === true && isGood(settled.value)) return settled.value;
        // While one tries whether MLflow is back, nobody waits for the same answer. What the leader
        // only had no time for, a follower may have.
        const failure = budget.ignoresOutage ? null : outage();
        if (failure !== null) throw failure;
        if (budget.usedUp() !== null) throw new OutOfBudget();
        return undefined;
      },
    });

  return {
    async ids(budget) {
      /** None at all is worth asking again for every look-up. */
      const isFresh = ({ ids, listedAt }: Listing) =>
        now() < listedAt + EXPERIMENTS_TTL_MS && (ids.length > 0 || listedAt >= budget.startedAt);
      if (known !== null && isFresh(known)) return known.ids;
      return (await share(budget, isFresh)).ids;
    },

    async refresh(budget) {
      const { startedAt } = budget;
      if (known !== null && known.listedAt >= startedAt) return false;
      const before = new Set(known?.ids);
      const { ids } = await share(budget, ({ listedAt }) => listedAt >= startedAt);
      return ids.some((id) => !before.has(id));
    },
  };
}
