import { createRoute, OpenAPIHono } from '@hono/zod-openapi';
import {
  artifactIdParam,
  artifactSchema,
  etagHeader,
  requireArtifactId,
} from '../artifact/artifact.schema.ts';
import type { CallerServices, RouteEnv } from '../http/http-env.ts';
import { jsonEtag } from '../http/json-etag.ts';
import { originOf } from '../http/origin.ts';
import { problemResponses } from '../http/problem.schema.ts';
import { requireRead } from '../http/require-caller.ts';
import { rejectInvalid } from '../http/validation.ts';
import type { Catalog } from './create-catalog.ts';

const TAGS = ['Artifacts'];
const artifactBody = { content: { 'application/json': { schema: artifactSchema } } };

const readRoute = createRoute({
  method: 'get',
  path: '/api/artifacts/{id}',
  tags: TAGS,
  summary: 'One artifact',
  description:
    'Its ETag is strong. `If-None-Match`: 304 when nothing changed; `If-Match`: 412 when the row did.',
  middleware: [requireRead, jsonEtag] as const,
  request: { params: artifactIdParam },
  responses: {
    200: { description: 'The artifact', headers: etagHeader, ...artifactBody },
    304: { description: 'Not changed' },
    ...problemResponses(
      'unauthenticated',
      'not_found',
      'precondition_failed',
      'database_unavailable',
    ),
  },
});

const downloadRoute = createRoute({
  method: 'get',
  path: '/api/artifacts/{id}/download',
  tags: TAGS,
  summary: 'One artifact as a file',
  middleware: [requireRead, jsonEtag] as const,
  request: { params: artifactIdParam },
  responses: {
    200: { description: 'The artifact', headers: etagHeader, ...artifactBody },
    304: { description: 'Not changed' },
    ...problemResponses(
      'unauthenticated',
      'not_found',
      'precondition_failed',
      'database_unavailable',
    ),
  },
});

interface ReadServices extends CallerServices {
  readonly catalog: Pick<Catalog, 'read'>;
}

/** One artifact with its lineage. */
export const readRoutes = new OpenAPIHono<RouteEnv<ReadServices>>({ defaultHook: rejectInvalid });

readRoutes.openapi(readRoute, async (c) => {
  const id = requireArtifactId(c.req.valid('param').id);
  const { artifact, version } = await c.var.services.catalog.read(id, originOf(c.req));
  c.set('rowVersion', version);
  return c.json(artifact, 200);
});

readRoutes.openapi(downloadRoute, async (c) => {
  const id = requireArtifactId(c.req.valid('param').id);
  const { artifact, version } = await c.var.services.catalog.read(id, originOf(c.req));
  c.set('rowVersion', version);
  c.header('content-disposition', `attachment; filename="artifact-${artifact.id}.json"`);
  return c.json(artifact, 200);
});
