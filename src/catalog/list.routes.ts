import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi';
import type { CallerServices, RouteEnv } from '../http/http-env.ts';
import { jsonEtag } from '../http/json-etag.ts';
import { limitPagesWithBars } from '../http/limit-callers.ts';
import { originOf } from '../http/origin.ts';
import { problemResponses } from '../http/problem.schema.ts';
import { requireRead } from '../http/require-caller.ts';
import { rejectInvalid } from '../http/validation.ts';
import type { Catalog } from './create-catalog.ts';
import { groupedArtifactsSchema } from './group.schema.ts';
import { artifactListQuery, artifactListSchema } from './list.schema.ts';

const listRoute = createRoute({
  method: 'get',
  path: '/api/artifacts',
  tags: ['Artifacts'],
  summary: 'List artifacts, newest first, flat or grouped by execution',
  middleware: [requireRead, limitPagesWithBars, jsonEtag] as const,
  request: { query: artifactListQuery },
  responses: {
    200: {
      description: 'A page; of groups with `group_by`',
      content: {
        'application/json': { schema: z.union([artifactListSchema, groupedArtifactsSchema]) },
      },
    },
    304: { description: 'As it was' },
    ...problemResponses(
      'unauthenticated',
      'precondition_failed',
      'invalid_input',
      'too_many_requests',
      'database_unavailable',
    ),
  },
});

interface ListServices extends CallerServices {
  readonly catalog: Pick<Catalog, 'list' | 'listGroups'>;
}

/** Lists of artifacts, flat or by execution. */
export const artifactListRoutes = new OpenAPIHono<RouteEnv<ListServices>>({
  defaultHook: rejectInvalid,
});

artifactListRoutes.openapi(listRoute, async (c) => {
  const { catalog } = c.var.services;
  const origin = originOf(c.req);
  const query = c.req.valid('query');
  if (query.group_by === undefined) return c.json(await catalog.list(query, origin), 200);
  return c.json(await catalog.listGroups(query, origin), 200);
});
