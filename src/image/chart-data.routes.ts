import { createRoute, OpenAPIHono } from '@hono/zod-openapi';
import { artifactIdParam, requireArtifactId } from '../artifact/artifact.schema.ts';
import { jsonEtag } from '../http/json-etag.ts';
import { limitCallers } from '../http/limit-callers.ts';
import { problemResponses } from '../http/problem.schema.ts';
import { requireRead } from '../http/require-caller.ts';
import { rejectInvalid } from '../http/validation.ts';
import type { AppEnv } from '../services.ts';
import { indicatorsSchema, marketDataQuery, marketDataSchema } from './image.schema.ts';

const failures = problemResponses(
  'not_found',
  'invalid_input',
  'too_many_requests',
  'database_unavailable',
);

const indicatorsRoute = createRoute({
  method: 'get',
  path: '/api/artifacts/{id}/indicators',
  tags: ['Market data'],
  summary: 'The numbers behind the chart',
  middleware: [requireRead, limitCallers('data'), jsonEtag] as const,
  request: { params: artifactIdParam },
  responses: {
    200: { description: 'All series', content: { 'application/json': { schema: indicatorsSchema } } },
    ...failures,
    ...problemResponses('nothing_to_draw'),
  },
});

const marketDataRoute = createRoute({
  method: 'get',
  path: '/api/artifacts/{id}/market-data',
  tags: ['Market data'],
  summary: 'The stored bars, newest first',
  middleware: [requireRead, limitCallers('data'), jsonEtag] as const,
  request: { params: artifactIdParam, query: marketDataQuery },
  responses: {
    200: { description: 'Bars', content: { 'application/json': { schema: marketDataSchema } } },
    ...failures,
  },
});

/** The data that a chart is drawn from and what is computed from it. */
export const chartDataRoutes = new OpenAPIHono<AppEnv>({ defaultHook: rejectInvalid });

chartDataRoutes.openapi(indicatorsRoute, async (c) =>
  c.json(await c.var.services.readIndicators(requireArtifactId(c.req.valid('param').id)), 200),
);

chartDataRoutes.openapi(marketDataRoute, async (c) => {
  const id = requireArtifactId(c.req.valid('param').id);
  return c.json(await c.var.services.readMarketData(id, c.req.valid('query').limit), 200);
});
