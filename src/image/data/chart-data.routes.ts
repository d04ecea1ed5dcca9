import { createRoute, OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { artifactIdParam, requireArtifactId } from '../../artifact/artifact.schema.ts';
import type { CallerServices, RouteEnv } from '../../http/http-env.ts';
import { changed } from '../../http/json-etag.ts';
import { limitCallers } from '../../http/limit-callers.ts';
import { ifMatchHolds, ifNoneMatchHolds } from '../../http/preconditions.ts';
import { problemResponses } from '../../http/problem.schema.ts';
import { requireRead } from '../../http/require-caller.ts';
import { rejectInvalid } from '../../http/validation.ts';
import type { Images } from '../create-images.ts';
import type { ChartAnswer } from './chart-answer.ts';
import { indicatorsSchema, marketDataQuery, marketDataSchema } from './chart-data.schema.ts';

const failures = problemResponses(
  'unauthenticated',
  'not_found',
  'precondition_failed',
  'invalid_input',
  'too_many_requests',
  'database_unavailable',
);

const indicatorsRoute = createRoute({
  method: 'get',
  path: '/api/artifacts/{id}/indicators',
  tags: ['Market data'],
  summary: 'The numbers behind the chart',
  middleware: [requireRead, limitCallers('data')] as const,
  request: { params: artifactIdParam },
  responses: {
    200: {
      description: 'All series',
      content: { 'application/json': { schema: indicatorsSchema } },
    },
    304: { description: 'As it was' },
    ...failures,
    ...problemResponses('nothing_to_draw'),
  },
});

const marketDataRoute = createRoute({
  method: 'get',
  path: '/api/artifacts/{id}/market-data',
  tags: ['Market data'],
  summary: 'The stored bars, newest first',
  middleware: [requireRead, limitCallers('data')] as const,
  request: { params: artifactIdParam, query: marketDataQuery },
  responses: {
    200: { description: 'Bars', content: { 'application/json': { schema: marketDataSchema } } },
    304: { description: 'As it was' },
    ...failures,
  },
});

interface ChartDataServices extends CallerServices {
  readonly images: Pick<Images, 'chartAnswers'>;
}

/** The data that a chart is drawn from and what is computed from it. */
export const chartDataRoutes = new OpenAPIHono<RouteEnv<ChartDataServices>>({
  defaultHook: rejectInvalid,
});

chartDataRoutes.openapi(indicatorsRoute, async (c) => {
  const id = requireArtifactId(c.req.valid('param').id);
  return respond(c, await c.var.services.images.chartAnswers.indicators(id, knownTo(c)));
});

chartDataRoutes.openapi(marketDataRoute, async (c) => {
  const id = requireArtifactId(c.req.valid('param').id);
  const { limit } = c.req.valid('query');
  return respond(c, await c.var.services.images.chartAnswers.marketData(id, limit, knownTo(c)));
});

/** With an `If-Match` the answer is made, and then judged by it first (RFC 9110, 13.2.2). */
function knownTo(c: Context<RouteEnv<ChartDataServices>>): (etag: string) => boolean {
  const header = c.req.header('if-none-match');
  return (etag) => ifNoneMatchHolds(header, etag);
}

/** As `jsonEtag` answers, with an ETag that nobody has to compute from the body. */
function respond(c: Context<RouteEnv<ChartDataServices>>, answer: ChartAnswer): Response {
  if (!ifMatchHolds(c.req.header('if-match'), answer.etag)) throw changed(answer.etag);
  const headers = { etag: answer.etag, 'cache-control': 'private, no-cache' };
  return answer.kind === 'not_modified'
    ? new Response(null, { status: 304, headers })
    : new Response(answer.bytes, { headers: { ...headers, 'content-type': 'application/json' } });
}
