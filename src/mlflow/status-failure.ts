import { readRetryAfter } from '../upstream/retry-after.ts';
import { UpstreamFailure } from '../upstream/upstream-failure.ts';

/**
 * What an HTTP status of MLflow other than 200 means, for the person who reads `lineage.reason`.
 * `errorCode` is MLflow's own, when the body is its error. `nowMs` is milliseconds since 1970.
 */
export function statusFailure(
  { status, headers }: Response,
  text: string,
  errorCode: string | null,
  nowMs: number,
): UpstreamFailure {
  const retryAfterMs = readRetryAfter(headers.get('retry-after'), nowMs);
  // With MLflow's own error it is about one run or experiment, otherwise about the account or the
  // address as a whole.
  const isOfThisRequest = errorCode !== null;
  if (status === 401) {
    const variables = 'MLFLOW_USERNAME and MLFLOW_PASSWORD, or MLFLOW_TOKEN';
    return new UpstreamFailure(`MLflow wants other credentials (401): check ${variables}.`);
  }
  if (status === 403 && /invalid host header/i.test(text)) {
    return new UpstreamFailure(
      'MLflow does not serve the host of MLFLOW_TRACKING_URI (403): start it with --allowed-hosts.',
    );
  }
  if (status === 403) {
    return new UpstreamFailure('MLflow does not permit this account to read it (403).', {
      isOfThisRequest,
    });
  }
  if (status === 429)
    return new UpstreamFailure('MLflow has had too many requests (429).', { retryAfterMs });
  if (status >= 500)
    return new UpstreamFailure(`MLflow cannot answer now (${status}).`, { retryAfterMs });
  if (status >= 300 && status < 400) {
    const what = `MLflow redirects, which is not followed (${status})`;
    return new UpstreamFailure(`${what}: set MLFLOW_TRACKING_URI to the final address.`);
  }
  if (status === 404) {
    return new UpstreamFailure(
      'There is no MLflow API at MLFLOW_TRACKING_URI (404): check the address and its path.',
    );
  }
  return new UpstreamFailure(`MLflow refused the request (${status}).`, { isOfThisRequest });
}
