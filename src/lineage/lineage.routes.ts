import { createRoute, OpenAPIHono } from '@hono/zod-openapi';
import { invalidInput } from '../errors.ts';
import type { CallerServices, RouteEnv } from '../http/http-env.ts';
import { jsonEtag } from '../http/json-etag.ts';
import { problemResponses } from '../http/problem.schema.ts';
import { noQuery } from '../http/query.schema.ts';
import { readJson } from '../http/read-json.ts';
import { requireRead, requireScope } from '../http/require-caller.ts';
import { fieldErrors, rejectInvalid } from '../http/validation.ts';
import type { Lineage } from './create-lineage.ts';
import {
  attachReportSchema,
  attachRequestSchema,
  lineageStatusQuery,
  lineageStatusReportSchema,
  repairReportSchema,
  repairRequestSchema,
} from './lineage.schema.ts';

const TAGS = ['Lineage'];
const writeFailures = problemResponses(
  'unauthenticated',
  'forbidden',
  'invalid_request',
  'payload_too_large',
  'unsupported_media_type',
  'invalid_input',
  'database_unavailable',
);
const body = (name: string, required: boolean) => ({
  required,
  content: { 'application/json': { schema: { $ref: `#/components/schemas/${name}` } } },
});

const statusRoute = createRoute({
  method: 'get',
  path: '/api/lineage/status',
  tags: TAGS,
  summary: 'What is not linked yet, and why',
  middleware: [requireRead, jsonEtag] as const,
  request: { query: lineageStatusQuery },
  responses: {
    200: {
      description: 'Counts and reasons',
      content: { 'application/json': { schema: lineageStatusReportSchema } },
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

const repairRoute = createRoute({
  method: 'post',
  path: '/api/lineage/repair',
  tags: TAGS,
  summary: 'Look up now what is not linked',
  description:
    'Ignores what earlier look-ups remember. Bounded by `limit` and time; ask again with `checked_before` of the answer until `finished`.',
  security: [{ token: [] }],
  middleware: [requireScope('lineage:repair')] as const,
  request: { query: noQuery },
  requestBody: body('LineageRepairRequest', false),
  responses: {
    200: {
      description: 'What was linked',
      content: { 'application/json': { schema: repairReportSchema } },
    },
    ...writeFailures,
  },
});

const attachRoute = createRoute({
  method: 'post',
  path: '/api/lineage/attach',
  tags: TAGS,
  summary: 'Link artifacts to a run by hand',
  description: 'One statement. A run that is there already stays unless `overwrite` is true.',
  security: [{ token: [] }],
  middleware: [requireScope('artifact:write')] as const,
  request: { query: noQuery },
  requestBody: body('LineageAttachRequest', true),
  responses: {
    200: {
      description: 'What became of each',
      content: { 'application/json': { schema: attachReportSchema } },
    },
    ...writeFailures,
    ...problemResponses('not_found'),
  },
});

interface LineageServices extends CallerServices {
  readonly lineage: Pick<Lineage, 'readStatus' | 'repair' | 'attach'>;
}

/** Lineage: what is missing, looking it up now, and linking by hand. */
export const lineageRoutes = new OpenAPIHono<RouteEnv<LineageServices>>({
  defaultHook: rejectInvalid,
});

lineageRoutes.openAPIRegistry.register('LineageRepairRequest', repairRequestSchema);
lineageRoutes.openAPIRegistry.register('LineageAttachRequest', attachRequestSchema);

lineageRoutes.openapi(statusRoute, async (c) =>
  c.json(await c.var.services.lineage.readStatus(c.req.valid('query').limit), 200),
);

lineageRoutes.openapi(repairRoute, async (c) => {
  const hasBody = c.req.header('content-length') !== '0' && c.req.raw.body !== null;
  const parsed = repairRequestSchema.safeParse(hasBody ? await readJson(c.req.raw) : {});
  if (!parsed.success) throw invalidInput(fieldErrors(parsed.error.issues));
  c.header('cache-control', 'no-store');
  return c.json(await c.var.services.lineage.repair(parsed.data), 200);
});

lineageRoutes.openapi(attachRoute, async (c) => {
  const parsed = attachRequestSchema.safeParse(await readJson(c.req.raw));
  if (!parsed.success) throw invalidInput(fieldErrors(parsed.error.issues));
  c.header('cache-control', 'no-store');
  return c.json(await c.var.services.lineage.attach(parsed.data), 200);
});
