/**
 * Why MLflow gave no usable answer. `message` is a sentence for the person who reads
 * `lineage.reason`: no address, no credential, nothing of what MLflow sent.
 */
export class MlflowFailure extends Error {
  override readonly name = 'MlflowFailure';
  readonly kind: 'unreachable' | 'slow' | 'refused' | 'wrong';
  /** Milliseconds for which MLflow is better left alone. */
  readonly retryAfterMs: number;
  /** It says nothing of other requests: MLflow works, and did not take this one. */
  readonly isOfThisRequest: boolean;

  constructor(
    kind: MlflowFailure['kind'],
    message: string,
    { retryAfterMs = BREAK_MS, isOfThisRequest = false } = {},
  ) {
    super(message);
    this.kind = kind;
    this.retryAfterMs = retryAfterMs;
    this.isOfThisRequest = isOfThisRequest;
  }
}

/** How long nobody asks a MLflow that failed, when it does not say itself. */
export const BREAK_MS = 5_000;
/** One odd header must not hide lineage for long. */
const RETRY_AFTER_MAX_MS = 60_000;

/**
 * What an HTTP status other than 200 means. `errorCode` is MLflow's own, when the body is its
 * error.
 */
export function statusFailure(
  { status, headers }: Response,
  text: string,
  errorCode: string | null,
): MlflowFailure {
  const retryAfterMs = readRetryAfter(headers.get('retry-after'));
  if (status === 401) {
    return new MlflowFailure(
      'refused',
      'MLflow wants other credentials (401): check MLFLOW_USERNAME and MLFLOW_PASSWORD, or MLFLOW_TOKEN.',
    );
  }
  if (status === 403 && /invalid host header/i.test(text)) {
    return new MlflowFailure(
      'refused',
      'MLflow does not serve the host of MLFLOW_TRACKING_URI (403): start it with --allowed-hosts.',
    );
  }
  if (status === 403) {
    // With MLflow's own error it is about one run or experiment, otherwise about the account as a
    // whole.
    return new MlflowFailure('refused', 'MLflow does not permit this account to read it (403).', {
      isOfThisRequest: errorCode !== null,
    });
  }
  if (status === 429)
    return new MlflowFailure('refused', 'MLflow has had too many requests (429).', {
      retryAfterMs,
    });
  if (status >= 500)
    return new MlflowFailure('unreachable', `MLflow cannot answer now (${status}).`, {
      retryAfterMs,
    });
  if (status >= 300 && status < 400) {
    return new MlflowFailure(
      'wrong',
      `MLflow redirects, which is not followed (${status}): set MLFLOW_TRACKING_URI to the final address.`,
    );
  }
  if (status === 404) {
    return new MlflowFailure(
      'wrong',
      'There is no MLflow API at MLFLOW_TRACKING_URI (404): check the address and its path.',
    );
  }
  return new MlflowFailure('wrong', `MLflow refused the request (${status}).`, {
    isOfThisRequest: errorCode !== null,
  });
}

/** RFC 9110 section 10.2.3: seconds or a date. */
function readRetryAfter(value: string | null): number {
  if (value === null) return BREAK_MS;
  const ms = /^\d+$/.test(value.trim()) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isNaN(ms) ? BREAK_MS : Math.min(Math.max(ms, 1_000), RETRY_AFTER_MAX_MS);
}
