import { createMetricFlusher } from '../observability/flush-metrics.ts';
import type { Log } from '../observability/log.ts';
import type { MetricBuffer } from '../observability/metrics.ts';
import type { Database } from '../storage/database.ts';
import { createMetricCounterRepository } from './metric-counter.repository.ts';
import { createMetricSnapshotRepository } from './metric-snapshot.repository.ts';
import { readMetrics, type MetricReader } from './read-metrics.ts';

/** Counting a million artifacts takes longer than any request may. */
export const SNAPSHOT_DEADLINE_MS = 25_000;

/** What /metrics tells, and the writer of what this isolate counts. */
export function createMetricReader(deps: {
  readonly database: Database;
  /** The same with `SNAPSHOT_DEADLINE_MS`. */
  readonly patientDatabase: Database;
  readonly config: { readonly mlflow: { readonly problem: string | null } };
  readonly metrics: MetricBuffer;
  /** Work that may outlive the answer. */
  readonly defer: (work: Promise<unknown>) => void;
  readonly log: Log;
  readonly now: () => number;
}): MetricReader {
  const counters = createMetricCounterRepository(deps.database);
  return readMetrics({
    ...deps,
    counters,
    snapshots: createMetricSnapshotRepository(deps.patientDatabase, {
      isMlflowConfigured: deps.config.mlflow.problem === null,
    }),
    flusher: createMetricFlusher({ ...deps, write: counters.add }),
  });
}
