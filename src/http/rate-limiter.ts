import { failure } from '../errors.ts';
import type { Log } from '../observability/log.ts';

/** Counts requests by caller in one Cloudflare location. */
export interface RateLimiter {
  /** One more request of this caller: whether it is within the limit. Never throws. */
  allows(key: string): Promise<boolean>;
}

/**
 * Routes that cost alike share a limiter. `data`: one chart's numbers. `work`: verification, and
 * pages with bars.
 */
export type RateLimitTier = 'data' | 'work';
export type RateLimiters = Readonly<Record<RateLimitTier, RateLimiter>>;

/** What a `[[ratelimits]]` of wrangler.toml gives. */
export interface RateLimitBinding {
  limit(options: { key: string }): Promise<{ success: boolean }>;
}

/**
 * Limits of `[[ratelimits]]` in wrangler.toml. Without a binding nothing is limited, which is told
 * once; with one that fails neither, which is told each time: it protects the service and must not
 * become what takes it away.
 */
export function createRateLimiters(
  bindings: Readonly<Record<RateLimitTier, RateLimitBinding | undefined>>,
  log: Log,
): RateLimiters {
  const missing = Object.entries(bindings).flatMap(([tier, binding]) =>
    binding === undefined ? [tier] : [],
  );
  if (missing.length > 0) {
    log.warn('rate_limit.missing', {
      tiers: missing.join(','),
      message: 'wrangler.toml has no [[ratelimits]]',
    });
  }
  return {
    data: createRateLimiter(bindings.data, log),
    work: createRateLimiter(bindings.work, log),
  };
}

function createRateLimiter(binding: RateLimitBinding | undefined, log: Log): RateLimiter {
  return {
    async allows(key) {
      try {
        return binding === undefined || (await binding.limit({ key })).success;
      } catch (error) {
        log.warn('rate_limit.failed', failure(error));
        return true;
      }
    },
  };
}
