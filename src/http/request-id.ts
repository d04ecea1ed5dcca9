import type { MiddlewareHandler } from 'hono';
import type { Log } from '../observability/log.ts';
import type { HttpVariables } from './http-env.ts';

/** What a caller's own id may look like; anything else is replaced, so that it can go into headers and logs. */
const ACCEPTABLE = /^[A-Za-z0-9._:-]{1,128}$/;

/** Gives every request an id (the caller's, when it is harmless), a log that carries it, and one log line at the end. */
export function requestContext(log: Log): MiddlewareHandler<{ Variables: HttpVariables }> {
  return async (c, next) => {
    const given = c.req.header('x-request-id');
    const requestId = given !== undefined && ACCEPTABLE.test(given) ? given : crypto.randomUUID();
    c.set('requestId', requestId);
    c.set('log', log.with({ request_id: requestId }));
    const startedAt = Date.now();
    await next();
    c.header('x-request-id', requestId);
    c.get('log').info('request.answered', {
      method: c.req.method,
      path: c.req.path,
      status: c.res.status,
      ms: Date.now() - startedAt,
    });
  };
}
