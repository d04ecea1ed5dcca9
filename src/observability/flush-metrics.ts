import { failure } from '../errors.ts';
import type { Log } from './log.ts';
import type { MetricBatch, MetricBuffer } from './metrics.ts';

export interface MetricFlusher {
  /**
   * Writes everything counted up to now; resolves when it is written, or when `maxMs` have passed.
   * Never rejects.
   */
  flush(maxMs: number): Promise<void>;
}

/** How long counts wait in an isolate, and so what is lost at most when it ends. */
export const FLUSH_INTERVAL_MS = 5_000;
/** A database that refused is left alone for so long. */
const RETRY_MS = 30_000;
/**
 * After so long a request that planned or carried a write is taken to be gone, and with it its
 * timers.
 */
const GONE_AFTER_MS = 15_000;
const POLL_MS = 20;

/**
 * Carries an isolate's counts to the database: planned by the first count after a write, in work
 * that outlives the answer, so that nobody waits for it. What could not be written stays and is
 * written with the next; a batch whose answer was lost is sent again under its number, which counts
 * it once.
 */
export function createMetricFlusher(deps: {
  readonly metrics: MetricBuffer;
  readonly write: (batch: MetricBatch) => Promise<void>;
  /** Work that may outlive the answer. Throws outside of a request. */
  readonly defer: (work: Promise<unknown>) => void;
  readonly log: Log;
  readonly now: () => number;
}): MetricFlusher {
  const { metrics, log, now } = deps;
  let plannedAt: number | null = null;
  let writingSince: number | null = null;
  let leftAloneUntil = 0;
  let hasFailed = false;
  const isFresh = (since: number | null) => since !== null && now() - since < GONE_AFTER_MS;

  async function write(): Promise<void> {
    if (isFresh(writingSince)) return;
    const startedAt = now();
    writingSince = startedAt;
    try {
      for (let batch = metrics.next(); batch !== null; batch = metrics.next()) {
        await deps.write(batch);
        metrics.acknowledge(batch);
      }
      hasFailed = false;
    } catch (error) {
      leftAloneUntil = now() + RETRY_MS;
      if (!hasFailed) log.warn('metrics.flush_failed', failure(error));
      hasFailed = true;
    } finally {
      if (writingSince === startedAt) writingSince = null;
    }
  }

  async function writeLater(): Promise<void> {
    await sleep(FLUSH_INTERVAL_MS);
    plannedAt = null;
    await write();
  }

  function plan(): void {
    const wait = leftAloneUntil - now();
    if (isFresh(plannedAt) || wait > 0) return;
    plannedAt = now();
    try {
      deps.defer(writeLater());
    } catch {
      // Counted outside of a request; the next one plans it.
      plannedAt = null;
    }
  }

  metrics.onCount = plan;
  return {
    async flush(maxMs) {
      const endsAt = now() + maxMs;
      // Another request's write cannot be waited for, only looked at.
      while (isFresh(writingSince) && now() < endsAt) await sleep(POLL_MS);
      const writing = write();
      deps.defer(writing);
      await Promise.race([writing, sleep(endsAt - now())]);
    },
  };
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, milliseconds)));
}
