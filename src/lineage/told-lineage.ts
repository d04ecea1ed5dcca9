import type { Lineage } from '../artifact/artifact.schema.ts';
import type { UpstreamFailure } from '../upstream/upstream-failure.ts';
import type { Outcome } from './outcome.ts';

/**
 * What a reader is told after a look-up. `derived`: by what is stored now. `outage`: for what it
 * was time to ask, why nobody asks MLflow at the moment.
 */
export function toldLineage(
  derived: Lineage,
  outcome: Outcome,
  outage: Pick<UpstreamFailure, 'message'> | null,
): Lineage {
  if (derived.status === 'linked')
    return outcome.kind === 'linked' ? { ...derived, source: outcome.source } : derived;
  if (outcome.kind !== 'left' || outage === null || derived.status !== 'pending') return derived;
  return { ...derived, status: 'unavailable', reason: outage.message };
}
