import { createRoute, OpenAPIHono } from '@hono/zod-openapi';
import { AppError } from '../../errors.ts';
import { rangedResponse } from '../../http/byte-range.ts';
import { strongTag } from '../../http/entity-tag.ts';
import type { CallerServices, RouteEnv } from '../../http/http-env.ts';
import { changed } from '../../http/json-etag.ts';
import { ifMatchHolds, ifNoneMatchHolds } from '../../http/preconditions.ts';
import { problemResponses } from '../../http/problem.schema.ts';
import { requireRead } from '../../http/require-caller.ts';
import { rejectInvalid } from '../../http/validation.ts';
import type { Images } from '../create-images.ts';
import { binaryBody, renderKeyParam } from '../image.schema.ts';
import { imageHeaders } from '../serve/image-outcome.ts';

const renderRoute = createRoute({
  method: 'get',
  path: '/api/renders/{render_key}/image',
  tags: ['Image'],
  summary: 'One render as it was drawn',
  description:
    'The picture of a render key that the ledger knows, whatever artifact shows it now: what an ' +
    'altered copy is held against. Never changes. HEAD, `If-None-Match` and one `Range` work.',
  middleware: [requireRead] as const,
  request: { params: renderKeyParam },
  responses: {
    200: { description: 'The picture', content: { 'image/png': { schema: binaryBody } } },
    206: { description: 'The asked range of it', content: { 'image/png': { schema: binaryBody } } },
    304: { description: 'The caller has it' },
    ...problemResponses(
      'unauthenticated',
      'not_found',
      'precondition_failed',
      'range_not_satisfiable',
    ),
    ...problemResponses(
      'store_unavailable',
      'store_answered_wrongly',
      'render_failed',
      'render_timeout',
    ),
  },
});

interface RenderServices extends CallerServices {
  readonly images: Pick<Images, 'findRender' | 'readRender'>;
}

/** `GET` and `HEAD /api/renders/{render_key}/image`. */
export const renderRoutes = new OpenAPIHono<RouteEnv<RenderServices>>({
  defaultHook: rejectInvalid,
});

renderRoutes.openapi(renderRoute, async (c) => {
  const key = c.req.valid('param').render_key;
  const { services } = c.var;
  const row = /^[0-9a-f]{32}$/.test(key) ? await services.images.findRender(key) : null;
  if (row === null) throw new AppError('not_found', `There is no render "${key.slice(0, 64)}".`);
  const etag = strongTag(key);
  if (!ifMatchHolds(c.req.header('if-match'), etag)) throw changed(etag);
  const isPrivate = services.config.readAccess === 'token';
  const asked = { version: key, isPrivate };
  const known = {
    etag,
    snapshotSha256: row.snapshot_sha256,
    renderKey: key,
    caching: 'shared',
  } as const;
  // It never changes, so whoever has it is told without a look at it.
  if (ifNoneMatchHolds(c.req.header('if-none-match'), etag)) {
    const headers = imageHeaders({ ...known, source: 'edge', freshness: 'verified' }, key, asked);
    return new Response(null, { status: 304, headers });
  }
  const found = await services.images.readRender(row);
  if (found === null) {
    throw new AppError(
      'not_found',
      `The picture of render ${key} is no longer in the store, ` +
        'and no artifact has its bars any more.',
    );
  }
  const image = { ...known, ...found, noun: 'image', contentType: 'image/png' } as const;
  return rangedResponse(c.req.raw, image, imageHeaders(image, key, asked));
});
