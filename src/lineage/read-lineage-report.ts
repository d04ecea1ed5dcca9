import type { DependencyFinding } from '../health/dependency-probe.repository.ts';
import { unlinkedReason } from './derive-lineage.ts';
import type { LineageReportRepository, UnlinkedGroup } from './lineage-report.repository.ts';

/** What is not linked and why, and whether MLflow answered when it was last probed. */
export async function readLineageReport(
  deps: {
    readonly report: LineageReportRepository;
    readonly findProbe: () => Promise<DependencyFinding | null>;
    /** Why MLflow cannot be asked at all, or null. */
    readonly mlflowProblem: string | null;
  },
  limit: number,
) {
  const { mlflowProblem } = deps;
  const [artifacts, unlinked, probe] = await Promise.all([
    deps.report.counts(),
    deps.report.unlinked(limit),
    // A database that nobody has migrated yet has no probes; the others say so when it does not
    // answer.
    deps.findProbe().catch(() => null),
  ]);
  const worded = (group: UnlinkedGroup) => ({
    ...group,
    reason: unlinkedReason({ ...group, lookupReason: group.reason }, mlflowProblem),
  });
  return {
    mlflow: {
      configured: mlflowProblem === null,
      ok: mlflowProblem === null ? (probe?.ok ?? null) : null,
      detail: mlflowProblem ?? probe?.detail ?? 'not probed yet',
      checked_at: mlflowProblem === null ? (probe?.checkedAt ?? null) : null,
    },
    artifacts,
    unlinked: unlinked.map(worded),
  };
}
