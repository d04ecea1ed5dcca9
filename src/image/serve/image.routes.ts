import { createRoute, OpenAPIHono } from '@hono/zod-openapi';
import { artifactIdParam, requireArtifactId } from '../../artifact/artifact.schema.ts';
import { rangedResponse } from '../../http/byte-range.ts';
import type { CallerServices, RouteEnv } from '../../http/http-env.ts';
import { changed } from '../../http/json-etag.ts';
import { ifMatchHolds, ifNoneMatchHolds } from '../../http/preconditions.ts';
import { problemResponses } from '../../http/problem.schema.ts';
import { requireRead } from '../../http/require-caller.ts';
import { rejectInvalid } from '../../http/validation.ts';
import type { Images } from '../create-images.ts';
import { binaryBody, imageQuery } from '../image.schema.ts';
import { imageHeaders } from './image-outcome.ts';

const imageRoute = createRoute({
  method: 'get',
  path: '/api/artifacts/{id}/image',
  tags: ['Image'],
  summary: 'The chart image, proved against its bars',
  description:
    'Serves the stored PNG when it matches the stored bars, and draws it anew when it is missing ' +
    'or stale. HEAD, `If-Match`, `If-None-Match` and, for GET, one `Range` work. ' +
    '`X-Chart-Source` and `X-Chart-Freshness` say where the picture came from.',
  middleware: [requireRead] as const,
  request: { params: artifactIdParam, query: imageQuery },
  responses: {
    200: {
      description: 'The image',
      content: { 'image/png': { schema: binaryBody }, 'image/jpeg': { schema: binaryBody } },
    },
    206: { description: 'The asked range of it', content: { 'image/png': { schema: binaryBody } } },
    304: { description: 'Unchanged: nothing was read, nothing was drawn' },
    ...problemResponses(
      'unauthenticated',
      'not_a_chart',
      'not_found',
      'nothing_to_draw',
      'precondition_failed',
      'range_not_satisfiable',
      'unusable_bars',
    ),
    ...problemResponses(
      'render_failed',
      'store_answered_wrongly',
      'store_unavailable',
      'busy',
      'render_timeout',
    ),
  },
});

interface ImageServices extends CallerServices {
  readonly images: Pick<Images, 'serve'>;
}

/** `GET` and `HEAD /api/artifacts/{id}/image`. */
export const imageRoutes = new OpenAPIHono<RouteEnv<ImageServices>>({ defaultHook: rejectInvalid });

imageRoutes.openapi(imageRoute, async (c) => {
  const id = requireArtifactId(c.req.valid('param').id);
  const ifNoneMatch = c.req.header('if-none-match');
  const { signal } = c.req.raw;
  const outcome = await c.var.services.images.serve(id, {
    knows: (etag) => ifNoneMatchHolds(ifNoneMatch, etag),
    isGone: () => signal.aborted,
  });
  if (!ifMatchHolds(c.req.header('if-match'), outcome.etag)) throw changed(outcome.etag);
  const version = c.req.valid('query').v;
  const isPrivate = c.var.services.config.readAccess === 'token';
  const headers = imageHeaders(outcome, id, { version, isPrivate });
  if (outcome.kind === 'not_modified') return new Response(null, { status: 304, headers });
  return rangedResponse(c.req.raw, { ...outcome, noun: 'image' }, headers);
});
