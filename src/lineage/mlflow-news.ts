import type { UpstreamFailure } from '../upstream/upstream-failure.ts';

/**
 * What those who ask how MLflow is have to hear after a look-up: that it fails (a sentence), or
 * that it works again (null). Null instead of either: nothing new.
 */
export function mlflowNews(
  looked: {
    readonly failure: Pick<UpstreamFailure, 'message' | 'isOfThisRequest'> | null;
    readonly hasAsked: boolean;
  },
  hasReportedProblem: boolean,
): { readonly problem: string | null } | null {
  const { failure, hasAsked } = looked;
  if (failure !== null && !failure.isOfThisRequest) return { problem: failure.message };
  return hasReportedProblem && hasAsked ? { problem: null } : null;
}
