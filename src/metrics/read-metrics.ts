import { AppError, failure } from '../errors.ts';
import { exposition } from '../observability/exposition.ts';
import type { MetricFlusher } from '../observability/flush-metrics.ts';
import type { Log } from '../observability/log.ts';
import type { MetricCounterRepository, StoredSnapshot } from './metric-counter.repository.ts';
import { metricFamilies, type MetricFacts } from './metric-families.ts';
import {
  SNAPSHOT_EVERY_SECONDS,
  type ArtifactGroupFacts,
  type MetricSnapshotRepository,
} from './metric-snapshot.repository.ts';

export interface MetricReaderDependencies {
  readonly counters: MetricCounterRepository;
  readonly snapshots: MetricSnapshotRepository;
  readonly flusher: MetricFlusher;
  /** Work that may outlive the answer. */
  readonly defer: (work: Promise<unknown>) => void;
  readonly log: Log;
  readonly now: () => number;
}

export interface MetricReader {
  /**
   * The text of /metrics. Never throws: what cannot be read is told by what is missing and by two
   * gauges.
   */
  read(): Promise<string>;
  /** By cron: takes the snapshot when it is time, so that it is there when somebody asks. */
  refresh(): Promise<void>;
}

/** Scrapers give up after ten seconds; the database may use five of them. */
const OWN_COUNTS_WAIT_MS = 1_000;
const SNAPSHOT_WAIT_MS = 3_000;

export function readMetrics(deps: MetricReaderDependencies): MetricReader {
  const { counters, snapshots, flusher, log, now } = deps;
  /** Of a database without our tables, which has no place for one. */
  let ownSnapshot: {
    readonly takenAt: number;
    readonly tookMs: number;
    readonly facts: unknown;
  } | null = null;

  async function refresh(): Promise<void> {
    if (!(await snapshots.claim())) return;
    await snapshots.countLedger();
    const startedAt = now();
    const facts = await snapshots.countArtifacts({ hasLookups: true });
    await snapshots.record(facts, now() - startedAt);
  }

  async function readStored(): Promise<MetricFacts> {
    try {
      return { isUp: true, isMigrated: true, ...(await counters.read()) };
    } catch (error) {
      const isUp = !(error instanceof AppError && error.code === 'database_unavailable');
      if (!isUp) return { isUp, isMigrated: null, counters: [], snapshot: null };
      return { isUp, isMigrated: false, counters: [], snapshot: await countForMyself() };
    }
  }

  /** At most once a minute and isolate. */
  async function countForMyself(): Promise<StoredSnapshot | null> {
    const isOld =
      ownSnapshot === null || now() - ownSnapshot.takenAt >= SNAPSHOT_EVERY_SECONDS * 1_000;
    if (isOld) {
      const startedAt = now();
      // Whoever asks meanwhile goes without.
      ownSnapshot = { takenAt: startedAt, tookMs: 0, facts: null };
      const count = async () => {
        const facts = await countWithoutLookups(snapshots);
        ownSnapshot = { takenAt: now(), tookMs: now() - startedAt, facts };
      };
      await withinReason(count(), 'metrics.count_failed');
    }
    if (ownSnapshot === null || ownSnapshot.facts === null) return null;
    const { takenAt, tookMs, facts } = ownSnapshot;
    return { age: (now() - takenAt) / 1_000, tookMs, facts, now: now() / 1_000 };
  }

  /** Waits a while for work that goes on without its asker. */
  async function withinReason(work: Promise<void>, event: string): Promise<void> {
    const ended = work.catch((error: unknown) => log.warn(event, failure(error)));
    deps.defer(ended);
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, SNAPSHOT_WAIT_MS))]);
  }

  return {
    refresh: async () => {
      await refresh();
      await counters.forgetOldBatches();
    },
    async read() {
      await Promise.all([
        flusher.flush(OWN_COUNTS_WAIT_MS),
        withinReason(refresh(), 'metrics.snapshot_failed'),
      ]);
      return exposition(metricFamilies(await readStored()));
    },
  };
}

/** Look-ups may be there from an earlier migration, or not. */
async function countWithoutLookups(
  snapshots: MetricSnapshotRepository,
): Promise<ArtifactGroupFacts[]> {
  try {
    return await snapshots.countArtifacts({ hasLookups: true });
  } catch {
    return snapshots.countArtifacts({ hasLookups: false });
  }
}
