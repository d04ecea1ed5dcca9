import { AppError, failure } from '../errors.ts';
import { isUndefinedTable } from '../storage/database-errors.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { NO_BUCKET } from '../storage/s3-object-store.ts';
import type { DependencyFinding, DependencyProbes } from './dependency-probe.repository.ts';

/** What a person has to do something about; whatever else is wrong may pass by itself. */
export type DependencyReason = 'not_migrated' | 'other_shape' | 'no_bucket';

export interface DependencyState {
  readonly ok: boolean;
  readonly detail: string;
  readonly reason?: DependencyReason;
  /** ISO 8601; only of what is not asked with every request. */
  readonly checked_at?: string;
}

export interface Readiness {
  /**
   * Database and store answer and have what the service needs; without either, it cannot do its
   * work.
   */
  readonly ready: boolean;
  readonly dependencies: Readonly<
    Record<'database' | 'store' | 'conditional_writes' | 'mlflow', DependencyState>
  >;
}

/** Database and store get so long, each for itself: one that hangs must not hide the other. */
export const READINESS_DEADLINE_MS = 3_000;

/** Never written; asking for it tells a bucket that is there from one that is not. */
const SENTINEL_KEY = '.chartproof/ready';

export interface ReadinessDependencies {
  /** Why the users' table cannot be used, or null. */
  readonly findTableProblem: () => Promise<{
    readonly reason: DependencyReason;
    readonly detail: string;
  } | null>;
  readonly probes: DependencyProbes;
  readonly store: ObjectStore;
  readonly bucket: string;
  /** The name of what a cron probes. */
  readonly conditionalWrites: string;
  /** Never throws, and has a deadline of its own. */
  readonly mlflow: () => Promise<DependencyState>;
}

/** What works right now, per dependency. Everything is asked at once. Never throws. */
export async function readReadiness(deps: ReadinessDependencies): Promise<Readiness> {
  const [table, probe, store, mlflow] = await Promise.all([
    settled(deps.findTableProblem()),
    settled(deps.probes.find(deps.conditionalWrites)),
    settled(deps.store.get({ bucket: deps.bucket, key: SENTINEL_KEY })),
    deps.mlflow(),
  ]);
  const database = databaseState(table, probe);
  const storeState = emptyPlaceState(store);
  return {
    ready: database.ok && storeState.ok,
    dependencies: {
      database,
      store: storeState,
      conditional_writes: probedState(probe),
      mlflow,
    },
  };
}

type Settled<T> = { readonly value: T } | { readonly error: unknown };

function settled<T>(work: Promise<T>): Promise<Settled<T>> {
  return work.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
}

/**
 * It answers, the users' table has its columns, and ours are there. The table comes first: it is
 * the harder to mend.
 */
function databaseState(
  table: Settled<{ readonly reason: DependencyReason; readonly detail: string } | null>,
  probe: Settled<unknown>,
): DependencyState {
  if ('value' in table && table.value !== null) {
    return { ok: false, detail: table.value.detail, reason: table.value.reason };
  }
  return 'error' in table ? stateOf(table) : stateOf(probe);
}

/** What a cron found out; unknown while the database that keeps it does not answer. */
function probedState(result: Settled<DependencyFinding | null>): DependencyState {
  if ('error' in result)
    return { ok: false, detail: 'not known while the database does not answer' };
  const finding = result.value;
  return finding === null
    ? { ok: false, detail: 'not probed yet' }
    : { ok: finding.ok, detail: finding.detail, checked_at: finding.checkedAt };
}

/**
 * Where nothing was ever put nothing can be: whoever finds something there has asked somebody else.
 */
function emptyPlaceState(result: Settled<unknown>): DependencyState {
  const isOther = 'value' in result && result.value !== null;
  if (!isOther) return stateOf(result);
  return {
    ok: false,
    detail: 'MINIO_ENDPOINT is not an object store: it has an answer for everything.',
  };
}

function stateOf(result: Settled<unknown>): DependencyState {
  if ('value' in result) return { ok: true, detail: 'answers' };
  const state = { ok: false, detail: failure(result.error).message };
  const reason = reasonOf(result.error);
  return reason === null ? state : { ...state, reason };
}

function reasonOf(error: unknown): DependencyReason | null {
  if (error instanceof AppError && error.cause === NO_BUCKET) return 'no_bucket';
  return isUndefinedTable(error) ? 'not_migrated' : null;
}
