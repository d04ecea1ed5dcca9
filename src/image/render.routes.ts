import { createRoute, OpenAPIHono } from '@hono/zod-openapi';
import { AppError } from '../errors.ts';
import { ifNoneMatchHolds } from '../http/conditional.ts';
import { problemResponses } from '../http/problem.schema.ts';
import { requireRead } from '../http/require-caller.ts';
import { rejectInvalid } from '../http/validation.ts';
import type { AppEnv } from '../services.ts';
import { binaryBody, renderKeyParam } from './image.schema.ts';
import { imageHeaders, imageResponse } from './image.routes.ts';

const renderRoute = createRoute({
  method: 'get',
  path: '/api/renders/{render_key}/image',
  tags: ['Image'],
  summary: 'One render as it was drawn',
  description:
    'The picture of a render key that the ledger knows, whatever artifact shows it now: what an altered copy is held ' +
    'against. Never changes. HEAD, `If-None-Match` and one `Range` work.',
  middleware: [requireRead] as const,
  request: { params: renderKeyParam },
  responses: {
    200: { description: 'The picture', content: { 'image/png': { schema: binaryBody } } },
    206: { description: 'The asked range of it', content: { 'image/png': { schema: binaryBody } } },
    304: { description: 'The caller has it' },
    ...problemResponses('not_found', 'range_not_satisfiable', 'store_unavailable', 'store_answered_wrongly'),
  },
});

/** `GET` and `HEAD /api/renders/{render_key}/image`. */
export const renderRoutes = new OpenAPIHono<AppEnv>({ defaultHook: rejectInvalid });

renderRoutes.openapi(renderRoute, async (c) => {
  const key = c.req.valid('param').render_key;
  const { services } = c.var;
  const render = /^[0-9a-f]{32}$/.test(key) ? await services.findRender(key) : null;
  if (render === null) throw new AppError('not_found', `There is no render "${key.slice(0, 64)}".`);
  const { row, found } = render;
  if (found === null) {
    throw new AppError(
      'not_found',
      `The picture of render ${key} is no longer in the store, and no artifact has its bars any more.`,
    );
  }
  const facts = {
    kind: 'image',
    etag: `"${key}"`,
    source: found.source,
    freshness: found.source === 'rendered' ? 'regenerated' : 'verified',
    snapshotSha256: row.snapshot_sha256,
    renderKey: key,
    caching: 'shared',
    contentType: 'image/png',
    bytes: found.bytes,
  } as const;
  const isPrivate = services.config.readAccess === 'token';
  const headers = imageHeaders(facts, key, { version: key, isPrivate });
  if (ifNoneMatchHolds(c.req.header('if-none-match'), facts.etag)) {
    return new Response(null, { status: 304, headers });
  }
  return imageResponse(c.req.raw, facts, headers);
});
