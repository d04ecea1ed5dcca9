import type { Log } from '../observability/log.ts';
import type { Storage } from '../storage/create-storage.ts';
import type { Database } from '../storage/database.ts';
import { probeConditionalWrites } from '../storage/probe-conditional-writes.ts';
import { createDependencyProbes, type DependencyProbes } from './dependency-probe.repository.ts';
import { readReadiness, type Readiness, type ReadinessDependencies } from './read-readiness.ts';

export interface Health {
  /** What works right now, per dependency. Never throws. */
  read(): Promise<Readiness>;
  /** By cron, never by a request: whether the store honours conditional writes. */
  probeStore(): Promise<void>;
}

export interface HealthDependencies extends Storage {
  readonly config: { readonly store: { readonly buckets: readonly [string, ...string[]] } };
  /** The same storage, with `READINESS_DEADLINE_MS`. */
  readonly hasty: Storage;
  readonly probes: DependencyProbes;
  /** Why the users' table cannot be used, or null. */
  readonly findTableProblem: (
    database: Database,
  ) => ReturnType<ReadinessDependencies['findTableProblem']>;
  readonly readMlflowState: ReadinessDependencies['mlflow'];
  readonly log: Log;
}

/** The name of conditional writes among the probed dependencies. */
const CONDITIONAL_WRITES = 'conditional_writes';

export function createHealth(deps: HealthDependencies): Health {
  const { hasty, probes, store, log } = deps;
  const [bucket] = deps.config.store.buckets;
  const readiness: ReadinessDependencies = {
    findTableProblem: () => deps.findTableProblem(hasty.database),
    probes: createDependencyProbes(hasty.database),
    store: hasty.store,
    bucket,
    conditionalWrites: CONDITIONAL_WRITES,
    mlflow: deps.readMlflowState,
  };
  return {
    read: () => readReadiness(readiness),
    async probeStore() {
      const { honoured, detail } = await probeConditionalWrites(store, bucket);
      await probes.record({ name: CONDITIONAL_WRITES, ok: honoured, detail });
      log.info('store.probed', { conditional_writes: honoured, detail });
    },
  };
}
