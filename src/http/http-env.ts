import type { ErrorCode } from '../errors.ts';
import type { Log } from '../observability/log.ts';
import type { Authenticator, Caller } from './auth.ts';
import type { RateLimiters } from './rate-limiter.ts';

/** What the middleware of this room puts on Hono's context. */
export interface HttpVariables {
  requestId: string;
  log: Log;
  /** The code of the problem document that was answered. */
  problem: ErrorCode | undefined;
  /** Set by `requireRead` and `requireScope`. */
  caller: Caller;
  /** The version of the row that is answered with; `jsonEtag` makes a strong tag of it. */
  rowVersion?: string;
}

/** Hono's environment of a room's routes, which say what they need of the Worker's services. */
export interface RouteEnv<Services, Bindings extends object = object> {
  Bindings: Bindings;
  Variables: HttpVariables & { services: Services };
}

/** What the guards of every route need. */
export interface CallerServices {
  readonly config: { readonly readAccess: 'public' | 'token' };
  readonly authenticator: Authenticator;
  readonly rateLimits: RateLimiters;
}
