import type { Context, MiddlewareHandler } from 'hono';
import { AppError } from '../errors.ts';
import type { Authenticator, Caller } from './auth.ts';
import { callerKey } from './caller-key.ts';
import type { HttpVariables } from './http-env.ts';
import type { RateLimiters, RateLimitTier } from './rate-limiter.ts';

/** The longest period that `[[ratelimits]]` knows, and the one that wrangler.toml sets. */
const RETRY_AFTER_SECONDS = 60;

interface LimitEnv {
  Variables: HttpVariables & {
    services: { readonly authenticator: Authenticator; readonly rateLimits: RateLimiters };
  };
}

/** After the guard of the route: 429 for a caller who asks for more than wrangler.toml allows. */
export function limitCallers(tier: RateLimitTier): MiddlewareHandler<LimitEnv> {
  return async (c, next) => {
    await spend(c, tier);
    await next();
  };
}

/** The same for a list, which is dear only when it carries bars. */
export const limitPagesWithBars: MiddlewareHandler<LimitEnv> = async (c, next) => {
  if (c.req.queries('include')?.includes('bars') === true) await spend(c, 'work');
  await next();
};

async function spend(c: Context<LimitEnv>, tier: RateLimitTier): Promise<void> {
  const caller = await callerOf(c);
  c.set('caller', caller);
  const key = callerKey(caller, c.req.header('cf-connecting-ip') ?? null);
  if (await c.var.services.rateLimits[tier].allows(key)) return;
  throw new AppError('too_many_requests', 'This caller has asked for too much within a minute.', {
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  });
}

/**
 * Public reads look at no credential. Here a valid one gives its owner a count of his own, and the
 * route may know who it is; an invalid one is no reason to refuse a public read, and none to get
 * away from the address it came from.
 */
async function callerOf(c: Context<LimitEnv>): Promise<Caller> {
  const { caller, services } = c.var;
  if (caller.kind !== 'anonymous') return caller;
  try {
    return (await services.authenticator.identify(c.req.raw)) ?? caller;
  } catch (error) {
    if (error instanceof AppError) return caller;
    throw error;
  }
}
