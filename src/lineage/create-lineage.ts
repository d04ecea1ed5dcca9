import type { ArtifactRecord } from './derive-lineage.ts';
import type { Log } from '../observability/log.ts';
import type { Metrics } from '../observability/metrics.ts';
import type { Database } from '../storage/database.ts';
import type { DependencyProbes } from '../health/dependency-probe.repository.ts';
import { attachLineage } from './attach-lineage.ts';
import { attachRows } from './attach-lineage.repository.ts';
import { createHydration, type Hydration } from './hydrate.ts';
import { createLineageStatusRepository } from './lineage-status.repository.ts';
import { createLineageRepository } from './lineage.repository.ts';
import type { AttachRequest, RepairRequest } from './lineage.schema.ts';
import type { MlflowClient } from '../mlflow/mlflow-client.ts';
import { MlflowFailure } from '../mlflow/mlflow-failure.ts';
import { createMlflowState } from '../mlflow/mlflow-state.ts';
import { readLineageStatus } from './read-lineage-status.ts';
import { repairLineage, type RepairOptions, type RepairReport } from './repair-lineage.ts';

export interface LineageDependencies {
  readonly config: { readonly mlflow: { readonly problem: string | null } };
  readonly database: Database;
  /** Null where MLflow is not configured; `config.mlflow.problem` says why. */
  readonly mlflow: MlflowClient | null;
  readonly probes: DependencyProbes;
  readonly findRecords: (ids: readonly number[]) => Promise<ArtifactRecord[]>;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly now: () => number;
  /** Lets work end after the answer to its request. */
  readonly defer: (work: Promise<unknown>) => void;
}

/** The name of MLflow among the probed dependencies. */
export const MLFLOW_PROBE = 'mlflow';
const REPAIR_DEADLINE_MS = 20_000;
const PROBE_DEADLINE_MS = 5_000;
/** Pages of experiments. */
const PROBE_CALLS_MAX = 20;
/** Executions that one cron looks up at most; the next one goes on. */
const CRON_LIMIT = 1_000;

export type Lineage = ReturnType<typeof createLineage>;

/** Everything this room does for others, over one database and one MLflow. */
export function createLineage(deps: LineageDependencies) {
  const { config, database, mlflow, probes, log, metrics, now } = deps;
  const lineage = createLineageRepository(database);
  const status = createLineageStatusRepository(database, {
    isConfigured: config.mlflow.problem === null,
  });
  const report = (problem: string | null) =>
    probes.record({ name: MLFLOW_PROBE, ok: problem === null, detail: problem ?? 'answers' });
  const state = createMlflowState({
    mlflow,
    problem: config.mlflow.problem,
    defer: deps.defer,
    now,
  });
  const hydration: Hydration = createHydration({ ...deps, lineage, report });

  /** Counts how it ended, also when it failed. */
  async function repair(
    trigger: 'cron' | 'request',
    options: RepairOptions,
  ): Promise<RepairReport> {
    if (mlflow === null) {
      metrics.count('lineage_repair', { trigger, outcome: 'not_configured' });
      return {
        checked: 0,
        linked: [],
        isFinished: true,
        end: 'finished',
        reason: config.mlflow.problem,
      };
    }
    let outcome: RepairReport['end'] | 'failed' = 'failed';
    try {
      const ended = await repairLineage({ lineage, mlflow, log, metrics, now }, options);
      outcome = ended.end;
      metrics.count('lineage_repaired', {}, ended.linked.length);
      return ended;
    } finally {
      metrics.count('lineage_repair', { trigger, outcome });
    }
  }

  return {
    hydration,

    /** How MLflow is now. */
    readMlflowState: () => state.read(),

    attach: (request: AttachRequest) =>
      attachLineage((attachment) => attachRows(database, attachment), request),

    /**
     * Asked for: everything that was not looked up since the walk began, whatever earlier look-ups
     * remember.
     */
    async repair({ limit, checked_before }: RepairRequest) {
      const before = checked_before ?? (await lineage.now());
      const options = { due: { before }, limit, deadlineMs: REPAIR_DEADLINE_MS };
      const report = await repair('request', options);
      return {
        checked: report.checked,
        linked: report.linked.map(({ id, runId, experimentId }) => ({
          id,
          run_id: runId,
          experiment_id: experimentId,
        })),
        finished: report.isFinished,
        reason: report.reason,
        checked_before: before,
      };
    },

    /** By cron: what is due by its own memory. */
    async repairDue(): Promise<void> {
      if (mlflow === null) return;
      await repair('cron', { due: 'due', limit: CRON_LIMIT, deadlineMs: REPAIR_DEADLINE_MS });
    },

    readStatus: (limit: number) =>
      readLineageStatus(
        {
          status,
          findProbe: () => probes.find(MLFLOW_PROBE),
          mlflowProblem: config.mlflow.problem,
        },
        limit,
      ),

    /**
     * By cron: whether MLflow answers this account. Its `/health` is open to everybody, so it would
     * prove nothing.
     */
    async probe(): Promise<void> {
      if (mlflow === null) return;
      const bounds = {
        signal: AbortSignal.timeout(PROBE_DEADLINE_MS),
        callsLeft: PROBE_CALLS_MAX,
        lastsMs: PROBE_DEADLINE_MS,
        slowMs: 0,
        isForced: true,
        startedAt: now(),
      };
      const problem = await mlflow.probe(bounds).then(
        () => null,
        (error: unknown) => {
          if (error instanceof MlflowFailure) return error.message;
          throw error;
        },
      );
      state.remember(problem);
      await report(problem);
      log.info('mlflow.probed', { ok: problem === null, detail: problem });
    },
  };
}
