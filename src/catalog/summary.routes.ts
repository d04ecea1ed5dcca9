import { createRoute, OpenAPIHono } from '@hono/zod-openapi';
import type { CallerServices, RouteEnv } from '../http/http-env.ts';
import { jsonEtag } from '../http/json-etag.ts';
import { problemResponses } from '../http/problem.schema.ts';
import { noQuery } from '../http/query.schema.ts';
import { requireRead } from '../http/require-caller.ts';
import { rejectInvalid } from '../http/validation.ts';
import { isoTimestamp } from '../storage/iso-timestamp.ts';
import type { Catalog } from './create-catalog.ts';
import { artifactSummarySchema } from './summary.schema.ts';

const summaryRoute = createRoute({
  method: 'get',
  path: '/api/artifacts/stats/summary',
  tags: ['Artifacts'],
  summary: 'How many artifacts there are, by type and lineage, and how many pictures were drawn',
  middleware: [requireRead, jsonEtag] as const,
  request: { query: noQuery },
  responses: {
    200: {
      description: 'Totals',
      content: { 'application/json': { schema: artifactSummarySchema } },
    },
    304: { description: 'As it was' },
    ...problemResponses(
      'unauthenticated',
      'precondition_failed',
      'invalid_input',
      'database_unavailable',
    ),
  },
});

interface SummaryServices extends CallerServices {
  readonly catalog: Pick<Catalog, 'summarize'>;
}

/** Totals over all artifacts. */
export const artifactSummaryRoutes = new OpenAPIHono<RouteEnv<SummaryServices>>({
  defaultHook: rejectInvalid,
});

artifactSummaryRoutes.openapi(summaryRoute, async (c) => {
  const { artifacts, byType, byLineage, newestAt, rendersByReason } =
    await c.var.services.catalog.summarize();
  const body = {
    artifacts,
    by_type: { ...byType },
    by_lineage: { ...byLineage },
    renders_by_reason: { ...rendersByReason },
    newest_at: newestAt === null ? null : isoTimestamp(newestAt),
  };
  return c.json(body, 200);
});
