import type { MiddlewareHandler } from 'hono';
import type { Log } from '../observability/log.ts';
import type { Metrics } from '../observability/metrics.ts';
import type { HttpVariables } from './http-env.ts';
import { countRequest, requestLine, type RoutePatterns } from './request-line.ts';

/**
 * What a caller's own id may look like; anything else is replaced, so that it can go into headers
 * and logs.
 */
const ACCEPTABLE = /^[A-Za-z0-9._:-]{1,128}$/;

/**
 * Gives every request an id (the caller's, when it is harmless), a log that carries it, and exactly
 * one line at its end, which is when it is answered or its client hangs up. `routes`: read with the
 * first request, when all are there.
 */
export function requestContext(deps: {
  readonly log: Log;
  readonly metrics: Metrics;
  readonly routes: () => RoutePatterns;
}): MiddlewareHandler<{ Variables: HttpVariables }> {
  return async (c, next) => {
    const given = c.req.header('x-request-id');
    const requestId = given !== undefined && ACCEPTABLE.test(given) ? given : crypto.randomUUID();
    const log = deps.log.with({ request_id: requestId });
    c.set('requestId', requestId);
    c.set('log', log);
    const startedAt = Date.now();
    const route = deps.routes()(c.req.path);
    const { method, signal } = c.req.raw;
    let isTold = false;
    const tell = (response: Response | null) => {
      if (isTold) return;
      isTold = true;
      const request = { method, route, ms: Date.now() - startedAt, problem: c.get('problem') };
      log.info('request.answered', requestLine(request, response));
      countRequest(deps.metrics, request, response);
    };
    // A request whose client is gone may be ended where it waits, and then nothing after this is
    // reached.
    signal.addEventListener('abort', () => tell(null), { once: true });
    await next();
    c.header('x-request-id', requestId);
    tell(c.res);
  };
}
