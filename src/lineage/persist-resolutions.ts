import type { LookupFacts } from './derive-lineage.ts';
import type { Log } from '../observability/log.ts';
import type { FoundRun, LineageRepository, LinkedArtifact, Miss } from './lineage.repository.ts';
import { keyOf, unresolvedMiss, type OpenExecution, type Resolution } from './resolution.ts';

export interface PersistedResolutions {
  /** Every artifact that names a run now, and did not before. */
  readonly linked: readonly LinkedArtifact[];
  /** What is remembered of those that were missed, by `keyOf`. */
  readonly remembered: ReadonlyMap<string, LookupFacts>;
}

/** Writes it down, and turns what could not be written into what it is. */
export async function persistResolutions(
  { lineage, log }: { readonly lineage: LineageRepository; readonly log: Log },
  resolutions: Map<OpenExecution, Resolution>,
  mayAsk: (execution: OpenExecution) => boolean,
): Promise<PersistedResolutions> {
  const found = [...resolutions.values()].flatMap((one) =>
    one.kind === 'linked' ? [one.run] : [],
  );
  const { linked, conflicts } = await lineage.link(found);
  const written = new Set(linked.map(keyOf));
  const refusing = new Set(conflicts.map(keyOf));
  const misses = new Map<string, Miss>();
  for (const [execution, resolution] of resolutions) {
    const outcome =
      resolution.kind === 'linked'
        ? asWritten(execution, resolution, written, refusing)
        : resolution;
    const isNews = outcome.kind !== 'missed' || mayAsk(execution);
    resolutions.set(execution, isNews ? outcome : { kind: 'left' });
    const miss =
      outcome.kind === 'missed'
        ? outcome.miss
        : outcome.kind === 'linked'
          ? outcome.conflict
          : null;
    if (miss !== null && mayAsk(execution)) misses.set(keyOf(execution), miss);
  }
  const recorded = await lineage.recordMisses([...misses.values()]);
  if (linked.length > 0)
    log.info('lineage.linked', { artifacts: linked.length, executions: found.length });
  const remembered = recorded.map(
    ({ workflow, name, lookup }) => [keyOf({ workflow, executionId: name }), lookup] as const,
  );
  return { linked, remembered: new Map(remembered) };
}

function asWritten(
  execution: OpenExecution,
  resolution: Resolution & { readonly kind: 'linked' },
  written: ReadonlySet<string>,
  refusing: ReadonlySet<string>,
): Resolution {
  const { workflow, executionIds } = resolution.run;
  const isIn = (keys: ReadonlySet<string>) =>
    executionIds.some((executionId) => keys.has(keyOf({ workflow, executionId })));
  const conflict = isIn(refusing)
    ? unresolvedMiss(execution, otherExperiment(resolution.run))
    : null;
  if (isIn(written)) return { ...resolution, conflict };
  return conflict === null ? { kind: 'changed' } : { kind: 'missed', miss: conflict };
}

function otherExperiment({ runId, experimentId }: FoundRun): string {
  return `MLflow has run ${runId} for this execution, in experiment ${experimentId}, but the artifact names another experiment.`;
}
