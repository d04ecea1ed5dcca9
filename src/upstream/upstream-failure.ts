/** How long nobody asks a service that failed, when it does not say itself. */
export const BREAK_MS = 5_000;

/**
 * Why a service of others gave no usable answer. `message` is a sentence for the person who reads
 * it in an answer: no address, no credential, nothing of what the service sent.
 */
export class UpstreamFailure extends Error {
  override readonly name = 'UpstreamFailure';
  /** Milliseconds for which the service is better left alone. */
  readonly retryAfterMs: number;
  /** It says nothing of other requests: the service works, and did not take this one. */
  readonly isOfThisRequest: boolean;

  constructor(message: string, { retryAfterMs = BREAK_MS, isOfThisRequest = false } = {}) {
    super(message);
    this.retryAfterMs = retryAfterMs;
    this.isOfThisRequest = isOfThisRequest;
  }
}
