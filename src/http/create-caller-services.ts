import type { Config } from '../config.ts';
import type { Log } from '../observability/log.ts';
import { createAuthenticator } from './auth.ts';
import { createRateLimiters, type RateLimitBinding } from './rate-limiter.ts';

/** Who asks, what they may, and how often. */
export function createCallerServices(
  config: Config,
  {
    DATA_LIMIT,
    WORK_LIMIT,
  }: { readonly DATA_LIMIT?: RateLimitBinding; readonly WORK_LIMIT?: RateLimitBinding },
  log: Log,
) {
  return {
    config,
    authenticator: createAuthenticator(config),
    rateLimits: createRateLimiters({ data: DATA_LIMIT, work: WORK_LIMIT }, log),
  };
}
