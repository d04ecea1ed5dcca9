import type { MiddlewareHandler } from 'hono';
import { etag } from 'hono/etag';

const weakEtag = etag({ weak: true });

/** JSON reads: a weak ETag over the body and 304 for those who have it; kept by nobody without asking. */
export const jsonEtag: MiddlewareHandler = async (c, next) => {
  const replaced = await weakEtag(c, async () => {
    await next();
    if (c.res.ok) c.header('cache-control', 'private, no-cache');
  });
  return replaced;
};
