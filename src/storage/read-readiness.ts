import { failure } from '../errors.ts';
import type { DependencyFinding, DependencyProbes } from './dependency-probe.repository.ts';
import type { ObjectStore } from './object-store.ts';

export interface DependencyState {
  readonly ok: boolean;
  readonly detail: string;
  /** ISO 8601; only of what is probed now and then. */
  readonly checked_at?: string;
}

export interface Readiness {
  /** Database and store answer; without either, the service cannot do its work. */
  readonly ready: boolean;
  readonly dependencies: Readonly<
    Record<'database' | 'store' | 'conditional_writes' | 'mlflow', DependencyState>
  >;
}

/** Never written; asking for it tells a bucket that is there from one that is not. */
const SENTINEL_KEY = '.chartproof/ready';

/** What works right now, per dependency. Never throws. */
export async function readReadiness(deps: {
  readonly probes: DependencyProbes;
  readonly store: ObjectStore;
  readonly bucket: string;
  /** Names of what a cron probes; `problem`: why MLflow cannot be probed at all. */
  readonly conditionalWrites: string;
  readonly mlflow: { readonly probe: string; readonly problem: string | null };
}): Promise<Readiness> {
  const [probe, mlflow, store] = await Promise.allSettled([
    deps.probes.find(deps.conditionalWrites),
    deps.mlflow.problem === null ? deps.probes.find(deps.mlflow.probe) : null,
    deps.store.get({ bucket: deps.bucket, key: SENTINEL_KEY }),
  ]);
  return {
    ready: probe.status === 'fulfilled' && store.status === 'fulfilled',
    dependencies: {
      database: stateOf(probe),
      store: stateOf(store),
      conditional_writes: probedState(probe),
      mlflow: deps.mlflow.problem === null ? probedState(mlflow) : { ok: false, detail: deps.mlflow.problem },
    },
  };
}

/** What a cron found out; unknown while the database that keeps it does not answer. */
function probedState(result: PromiseSettledResult<DependencyFinding | null>): DependencyState {
  const finding = result.status === 'fulfilled' ? result.value : null;
  return finding === null
    ? { ok: false, detail: 'not probed yet' }
    : { ok: finding.ok, detail: finding.detail, checked_at: finding.checkedAt };
}

function stateOf(result: PromiseSettledResult<unknown>): DependencyState {
  return result.status === 'fulfilled'
    ? { ok: true, detail: 'answers' }
    : { ok: false, detail: failure(result.reason).message };
}
