import type { UpstreamFailure } from '../upstream/upstream-failure.ts';
import type { Finding } from './outcome.ts';
import type { Policy } from './policy.ts';

/** A failure of a search for many that ends the look-up, or null. */
export function endingFailure(
  failure: UpstreamFailure | null,
  alone: Policy['alone'],
): UpstreamFailure | null {
  // What MLflow would not take for all together, it may take one by one.
  return alone !== null && failure?.isOfThisRequest === true ? null : failure;
}

/**
 * The finding of an execution that was not decided. `isSearched`: searches for many were made for
 * it; a run that siblings name is asked for by name alone.
 */
export function unfound(isSearched: boolean, failure: UpstreamFailure | null): Finding {
  if (failure !== null) return { kind: 'failed', failure };
  return { kind: isSearched ? 'partial' : 'unasked' };
}
