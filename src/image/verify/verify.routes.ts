import { createRoute, OpenAPIHono } from '@hono/zod-openapi';
import { artifactIdParam, requireArtifactId } from '../../artifact/artifact.schema.ts';
import { AppError } from '../../errors.ts';
import type { CallerServices, RouteEnv } from '../../http/http-env.ts';
import { jsonEtag } from '../../http/json-etag.ts';
import { limitCallers } from '../../http/limit-callers.ts';
import { problemResponses } from '../../http/problem.schema.ts';
import { readBody } from '../../http/read-body.ts';
import { mediaTypeOf } from '../../http/read-json.ts';
import { requireRead } from '../../http/require-caller.ts';
import { rejectInvalid } from '../../http/validation.ts';
import type { Images } from '../create-images.ts';
import { binaryBody } from '../image.schema.ts';
import { artifactVerificationSchema, imageVerificationSchema } from './verification.schema.ts';

const IMAGE_MAX_BYTES = 10_000_000;

const artifactRoute = createRoute({
  method: 'get',
  path: '/api/artifacts/{id}/verify',
  tags: ['Verification'],
  summary: 'Does the stored image match the stored bars?',
  middleware: [requireRead, limitCallers('work'), jsonEtag] as const,
  request: { params: artifactIdParam },
  responses: {
    200: {
      description: 'The finding',
      content: { 'application/json': { schema: artifactVerificationSchema } },
    },
    304: { description: 'As it was' },
    ...problemResponses('unauthenticated', 'not_a_chart', 'not_found', 'precondition_failed'),
    ...problemResponses('too_many_requests', 'store_answered_wrongly', 'store_unavailable'),
  },
});

const imageRoute = createRoute({
  method: 'post',
  path: '/api/verify',
  tags: ['Verification'],
  summary: 'Which artifacts and bars does this PNG show, and was a pixel of it changed?',
  middleware: [requireRead, limitCallers('work')] as const,
  request: {
    body: {
      required: true,
      description:
        'The PNG itself, at most 10 MB. With a token it may have 16 megapixels ' +
        '(5 when interlaced), otherwise 5.',
      content: {
        'image/png': { schema: binaryBody },
        'application/octet-stream': { schema: binaryBody },
      },
    },
  },
  responses: {
    200: {
      description: 'The finding',
      content: { 'application/json': { schema: imageVerificationSchema } },
    },
    ...problemResponses(
      'unauthenticated',
      'payload_too_large',
      'unsupported_media_type',
      'invalid_input',
      'too_many_requests',
      'database_unavailable',
      'busy',
    ),
  },
});

interface VerifyServices extends CallerServices {
  readonly images: Pick<Images, 'verifyArtifact' | 'verifyFile' | 'reserveBody'>;
}

/** Proof for people: what is stored, and what any PNG shows. */
export const verifyRoutes = new OpenAPIHono<RouteEnv<VerifyServices>>({
  defaultHook: rejectInvalid,
});

verifyRoutes.openapi(artifactRoute, async (c) =>
  c.json(
    await c.var.services.images.verifyArtifact(requireArtifactId(c.req.valid('param').id)),
    200,
  ),
);

verifyRoutes.openapi(imageRoute, async (c) => {
  const type = mediaTypeOf(c.req.raw);
  if (type !== 'image/png' && type !== 'application/octet-stream') {
    throw new AppError(
      'unsupported_media_type',
      'Send the PNG itself, with Content-Type: image/png.',
    );
  }
  c.header('cache-control', 'no-store');
  const isSignedIn = c.var.caller.kind !== 'anonymous';
  const place = c.var.services.images.reserveBody(declaredBytes(c.req.header('content-length')));
  try {
    const bytes = await readBody(c.req.raw, IMAGE_MAX_BYTES);
    return c.json(await c.var.services.images.verifyFile(bytes, { isSignedIn }), 200);
  } finally {
    place.release();
  }
});

/**
 * What a body may take in memory: as it says of itself, or all that is read of one that does not
 * say.
 */
function declaredBytes(header: string | undefined): number {
  const declared = Number(header ?? Number.NaN);
  return Number.isFinite(declared) ? Math.min(declared, IMAGE_MAX_BYTES) : IMAGE_MAX_BYTES;
}
