import { createRoute, OpenAPIHono } from '@hono/zod-openapi';
import type { CallerServices, RouteEnv } from '../http/http-env.ts';
import { jsonEtag } from '../http/json-etag.ts';
import { limitPagesWithBars } from '../http/limit-callers.ts';
import { originOf } from '../http/origin.ts';
import { problemResponses } from '../http/problem.schema.ts';
import { requireRead } from '../http/require-caller.ts';
import { rejectInvalid } from '../http/validation.ts';
import type { Catalog } from './create-catalog.ts';
import {
  artifactGroupSchema,
  executionListQuery,
  executionListSchema,
  executionParam,
  executionQuery,
} from './group.schema.ts';

const TAGS = ['Executions'];
const failures = problemResponses(
  'unauthenticated',
  'precondition_failed',
  'invalid_input',
  'too_many_requests',
  'database_unavailable',
);

const listRoute = createRoute({
  method: 'get',
  path: '/api/executions',
  tags: TAGS,
  summary: 'List workflow executions with their artifacts, newest first',
  middleware: [requireRead, limitPagesWithBars, jsonEtag] as const,
  request: { query: executionListQuery },
  responses: {
    200: {
      description: 'A page',
      content: { 'application/json': { schema: executionListSchema } },
    },
    304: { description: 'As it was' },
    ...failures,
  },
});

const readRoute = createRoute({
  method: 'get',
  path: '/api/executions/{execution_id}',
  tags: TAGS,
  summary: 'One execution with its artifacts',
  middleware: [requireRead, limitPagesWithBars, jsonEtag] as const,
  request: { params: executionParam, query: executionQuery },
  responses: {
    200: {
      description: 'The execution',
      content: { 'application/json': { schema: artifactGroupSchema } },
    },
    304: { description: 'As it was' },
    ...failures,
    ...problemResponses('not_found'),
  },
});

interface ExecutionServices extends CallerServices {
  readonly catalog: Pick<Catalog, 'listExecutions' | 'findExecution'>;
}

/** Workflow executions: what one run of a workflow produced, and which MLflow run knows of it. */
export const executionRoutes = new OpenAPIHono<RouteEnv<ExecutionServices>>({
  defaultHook: rejectInvalid,
});

executionRoutes.openapi(listRoute, async (c) => {
  const origin = originOf(c.req);
  return c.json(await c.var.services.catalog.listExecutions(c.req.valid('query'), origin), 200);
});

executionRoutes.openapi(readRoute, async (c) => {
  const origin = originOf(c.req);
  const { execution_id: id } = c.req.valid('param');
  return c.json(await c.var.services.catalog.findExecution(id, c.req.valid('query'), origin), 200);
});
