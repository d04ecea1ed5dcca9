import type { ErrorCode } from '../errors.ts';
import type { Log } from '../observability/log.ts';
import type { Caller } from './auth.ts';

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
