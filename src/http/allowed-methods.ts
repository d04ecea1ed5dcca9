import type { Context, Hono, Next } from 'hono';
import { AppError } from '../errors.ts';

/** What this reads of an app. */
interface Route {
  readonly method: string;
  readonly path: string;
}

/** The methods of every path, HEAD with GET, and OPTIONS, which says so. Middleware is no path. */
function methodsByPath(routes: readonly Route[]): Map<string, string[]> {
  const methods = new Map<string, Set<string>>();
  for (const { method, path } of routes) {
    if (method === 'ALL' || path.includes('*')) continue;
    const known = methods.get(path) ?? new Set();
    known.add(method);
    if (method === 'GET') known.add('HEAD');
    methods.set(path, known);
  }
  return new Map([...methods].map(([path, known]) => [path, [...known, 'OPTIONS'].toSorted()]));
}

/**
 * Any other method on the paths that `app` has so far: 405 with `Allow` (RFC 9110 section 15.5.6),
 * and 204 with it for OPTIONS. Called once the routes are there, because the first one that fits
 * answers.
 */
// oxlint-disable-next-line typescript/no-explicit-any
export function refuseOtherMethods(app: Hono<any>): void {
  for (const [path, methods] of methodsByPath(app.routes)) {
    const allow = methods.join(', ');
    app.all(path, (c) => {
      if (c.req.method === 'OPTIONS') return c.body(null, 204, { allow });
      const detail = `${c.req.path} knows ${allow} only.`;
      throw new AppError('method_not_allowed', detail, { headers: { allow } });
    });
  }
}

/** Every answer is what its Content-Type says: no browser shall guess. */
export async function forbidSniffing(c: Context, next: Next): Promise<void> {
  await next();
  c.header('x-content-type-options', 'nosniff');
}
