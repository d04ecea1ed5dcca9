import type { MiddlewareHandler } from 'hono';
import { sha256Hex } from '../digest.ts';
import { AppError } from '../errors.ts';
import { weakTag } from './entity-tag.ts';
import type { HttpVariables } from './http-env.ts';
import { ifMatchHolds, ifNoneMatchHolds, rowEtag } from './preconditions.ts';

const HASH_LENGTH = 16;
/** Of a body that is not sent; Hono leaves out its type by itself. */
const BODY_HEADERS = ['content-length', 'content-disposition', 'content-encoding'];

/**
 * JSON: an ETag over the body, strong where the handler sets `rowVersion`, weak otherwise. Reads
 * answer 412 and 304 by it and are kept by nobody without asking. A write only gets the tag: what
 * it asks for is compared by the database.
 */
export const jsonEtag: MiddlewareHandler<{ Variables: HttpVariables }> = async (c, next) => {
  await next();
  if (!c.res.ok) return;
  const version = c.get('rowVersion');
  const isRead = c.req.method === 'GET' || c.req.method === 'HEAD';
  if (!isRead && version === undefined) return;
  const hash = (await sha256Hex(new Uint8Array(await c.res.clone().arrayBuffer()))).slice(
    0,
    HASH_LENGTH,
  );
  const etag = version === undefined ? weakTag(hash) : rowEtag(version, hash);
  const isUnwanted = isRead && !ifMatchHolds(c.req.header('if-match'), etag);
  const isKnown = isRead && ifNoneMatchHolds(c.req.header('if-none-match'), etag);
  if (isUnwanted || isKnown) for (const name of BODY_HEADERS) c.res.headers.delete(name);
  if (isUnwanted) throw changed(etag);
  c.header('etag', etag);
  if (isRead) c.header('cache-control', 'private, no-cache');
  // Takes over the headers that are there.
  if (isKnown) c.res = new Response(null, { status: 304 });
};

/** 412: what is there is not what `If-Match` names. The tag of what is there helps to go on. */
export function changed(etag?: string): AppError {
  return new AppError(
    'precondition_failed',
    'It is not what If-Match or If-None-Match asks for: read it again.',
    {
      headers: etag === undefined ? {} : { etag },
    },
  );
}
