import type { DependencyProbes } from '../health/dependency-probe.repository.ts';
import type { MlflowClient } from '../mlflow/mlflow-client.ts';
import { createMlflowState } from '../mlflow/mlflow-state.ts';
import type { Log } from '../observability/log.ts';
import type { Metrics } from '../observability/metrics.ts';
import type { Database } from '../storage/database.ts';
import { createBudget } from '../upstream/budget.ts';
import { UpstreamFailure } from '../upstream/upstream-failure.ts';
import { attachRows } from './attach-lineage.repository.ts';
import { attachLineage } from './attach-lineage.ts';
import type { ArtifactRecord } from './derive-lineage.ts';
import { createHydration } from './hydrate.ts';
import { createLineageReportRepository } from './lineage-report.repository.ts';
import type { AttachRequest, RepairRequest } from './lineage.schema.ts';
import { createLookBehind } from './look-behind.ts';
import { createOutcomeRepository } from './outcome.repository.ts';
import { PROBE } from './policy.ts';
import { readLineageReport } from './read-lineage-report.ts';
import { repairLineage, type RepairOptions, type RepairReport } from './repair-lineage.ts';
import { createSubjectRepository } from './subject.repository.ts';

export interface LineageDependencies {
  readonly config: { readonly mlflow: { readonly problem: string | null } };
  readonly database: Database;
  /** Null where MLflow is not configured; `config.mlflow.problem` says why. */
  readonly mlflow: MlflowClient | null;
  readonly probes: DependencyProbes;
  readonly findRecords: (ids: readonly number[]) => Promise<ArtifactRecord[]>;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Lets work end after the answer to its request. */
  readonly defer: (work: Promise<unknown>) => void;
}

export type Lineage = ReturnType<typeof createLineage>;

/** The name of MLflow among the probed dependencies. */
export const MLFLOW_PROBE = 'mlflow';
/** Executions that one cron looks up at most; the next one goes on. */
const CRON_LIMIT = 1_000;

/** Everything this room does for others, over one database and one MLflow. */
export function createLineage(deps: LineageDependencies) {
  const { database, mlflow, probes, log, metrics, now, defer } = deps;
  const mlflowProblem = deps.config.mlflow.problem;
  const subjects = createSubjectRepository(database);
  const outcomes = createOutcomeRepository(database);
  const isMlflowConfigured = mlflowProblem === null;
  const report = createLineageReportRepository(database, { isMlflowConfigured });
  const reportMlflow = (problem: string | null) =>
    probes.record({ name: MLFLOW_PROBE, ok: problem === null, detail: problem ?? 'answers' });
  const state = createMlflowState({ mlflow, problem: mlflowProblem, defer, now });
  const looking = { subjects, outcomes, log, metrics, now };
  const behind = createLookBehind({ ...looking, mlflow, defer });

  /** Counts how it ended, also when it failed. */
  async function repair(
    trigger: 'cron' | 'request',
    options: RepairOptions,
  ): Promise<RepairReport> {
    if (mlflow === null) {
      metrics.count('lineage_repair', { trigger, outcome: 'not_configured' });
      const nothing = { checked: 0, linked: [], isFinished: true, end: 'finished' } as const;
      return { ...nothing, reason: mlflowProblem };
    }
    let outcome: RepairReport['end'] | 'failed' = 'failed';
    try {
      const ended = await repairLineage({ ...looking, mlflow }, options);
      outcome = ended.end;
      metrics.count('lineage_repaired', {}, ended.linked.length);
      return ended;
    } finally {
      metrics.count('lineage_repair', { trigger, outcome });
    }
  }

  return {
    hydration: createHydration({ ...deps, ...looking, mlflowProblem, behind, reportMlflow }),

    /** How MLflow is now. */
    readMlflowState: () => state.read(),

    attach: (request: AttachRequest) =>
      attachLineage((attachment) => attachRows(database, attachment), request),

    /**
     * Asked for: everything that was not looked up since the walk began, whatever earlier look-ups
     * remember.
     */
    async repair({ limit, checked_before }: RepairRequest) {
      const before = checked_before ?? (await subjects.now());
      const { checked, linked, isFinished, reason } = await repair('request', {
        due: { before },
        limit,
      });
      return {
        checked,
        linked: linked.map(({ id, runId, experimentId }) => ({
          id,
          run_id: runId,
          experiment_id: experimentId,
        })),
        finished: isFinished,
        reason,
        checked_before: before,
      };
    },

    /** By cron: what is due by its own memory. */
    async repairDue(): Promise<void> {
      if (mlflow !== null) await repair('cron', { due: 'due', limit: CRON_LIMIT });
    },

    readStatus: (limit: number) =>
      readLineageReport(
        { report, findProbe: () => probes.find(MLFLOW_PROBE), mlflowProblem },
        limit,
      ),

    /**
     * By cron: whether MLflow answers this account. Its `/health` is open to everybody, so it would
     * prove nothing.
     */
    async probe(): Promise<void> {
      if (mlflow === null) return;
      const problem = await mlflow.probe(createBudget(PROBE, now)).then(
        () => null,
        (error: unknown) => {
          if (error instanceof UpstreamFailure) return error.message;
          throw error;
        },
      );
      state.remember(problem);
      await reportMlflow(problem);
      log.info('mlflow.probed', { ok: problem === null, detail: problem });
    },
  };
}
