import { createRoute, OpenAPIHono } from '@hono/zod-openapi';
import type { CallerServices, RouteEnv } from '../http/http-env.ts';
import { artifactIdParam, requireArtifactId } from '../artifact/artifact.schema.ts';
import { AppError } from '../errors.ts';
import { requestedRange } from '../http/byte-range.ts';
import { strongTag } from '../http/entity-tag.ts';
import { changed } from '../http/json-etag.ts';
import { ifMatchHolds, ifNoneMatchHolds } from '../http/preconditions.ts';
import { problemResponses } from '../http/problem.schema.ts';
import { requireRead } from '../http/require-caller.ts';
import { rejectInvalid } from '../http/validation.ts';
import type { Images } from './create-images.ts';
import { binaryBody, imageQuery } from './image.schema.ts';
import type { ImageFacts, ImageOutcome } from './image-outcome.ts';

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
  return imageResponse(c.req.raw, outcome, headers);
});

/** `name`: the artifact's id or the render key, for the file's name. */
export function imageHeaders(
  facts: ImageFacts & { readonly contentType?: string },
  name: number | string,
  request: { version: string | undefined; isPrivate: boolean },
): Headers {
  const headers = new Headers({
    etag: facts.etag,
    'cache-control': cacheControl(facts, request),
    'x-chart-source': facts.source,
    'x-chart-freshness': facts.freshness,
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'",
    'accept-ranges': 'bytes',
  });
  if (facts.snapshotSha256 !== null) headers.set('x-chart-snapshot', facts.snapshotSha256);
  if (facts.contentType !== undefined) {
    const extension = facts.contentType === 'image/jpeg' ? 'jpg' : 'png';
    headers.set('content-type', facts.contentType);
    headers.set('content-disposition', `inline; filename="chart-${name}.${extension}"`);
  }
  return headers;
}

function cacheControl(
  { caching, etag, renderKey }: ImageFacts,
  { version, isPrivate }: { version: string | undefined; isPrivate: boolean },
): string {
  const audience = isPrivate ? 'private' : 'public';
  if (caching === 'revalidate') return `${audience}, no-cache`;
  if (caching === 'brief') return 'private, max-age=10';
  // `v` must name these bytes: an attached or unverified image keeps its URL when its bytes change.
  if (version !== undefined && version === renderKey && etag === strongTag(renderKey)) {
    return `${audience}, max-age=31536000, immutable`;
  }
  return `${audience}, max-age=3600`;
}

/** Responses made in a Worker do neither ranges nor HEAD lengths by themselves. */
export function imageResponse(
  request: Request,
  image: ImageOutcome & { kind: 'image' },
  headers: Headers,
): Response {
  const { bytes, etag } = image;
  // Only GET knows ranges (RFC 9110 section 14.2).
  const range = requestedRange(
    request.method === 'GET' ? (request.headers.get('range') ?? undefined) : undefined,
    request.headers.get('if-range') ?? undefined,
    bytes.byteLength,
    etag,
  );
  if (range === 'unsatisfiable') {
    throw new AppError('range_not_satisfiable', `The image has ${bytes.byteLength} bytes.`, {
      headers: { 'content-range': `bytes */${bytes.byteLength}` },
    });
  }
  if (range === 'whole') {
    headers.set('content-length', String(bytes.byteLength));
    return new Response(request.method === 'HEAD' ? null : bytes, { headers });
  }
  const part = bytes.subarray(range.start, range.end + 1);
  headers.set('content-range', `bytes ${range.start}-${range.end}/${bytes.byteLength}`);
  headers.set('content-length', String(part.byteLength));
  return new Response(request.method === 'HEAD' ? null : part, { status: 206, headers });
}
