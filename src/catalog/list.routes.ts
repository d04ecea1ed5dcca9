import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi';
import { jsonEtag } from '../http/json-etag.ts';
import { limitPagesWithBars } from '../http/limit-callers.ts';
import { problemResponses } from '../http/problem.schema.ts';
import { requireRead } from '../http/require-caller.ts';
import { rejectInvalid } from '../http/validation.ts';
import type { AppEnv } from '../services.ts';
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

/** Lists of artifacts, flat or by execution. */
export const artifactListRoutes = new OpenAPIHono<AppEnv>({ defaultHook: rejectInvalid });

artifactListRoutes.openapi(listRoute, async (c) => {
  const { listArtifacts, executions, hydration } = c.var.services;
  const { origin } = new URL(c.req.url);
  const query = c.req.valid('query');
  if (query.group_by !== undefined) return c.json(await executions.listGroups(query, origin), 200);
  const { records, total, nextCursor } = await listArtifacts(query);
  const artifacts = (await hydration.many(records)).map((one) => hydration.present(one, origin));
  return c.json({ artifacts, total, next_cursor: nextCursor }, 200);
});
