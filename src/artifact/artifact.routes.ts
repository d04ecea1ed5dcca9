import { createRoute, OpenAPIHono } from '@hono/zod-openapi';
import type { HonoRequest } from 'hono';
import { invalidInput } from '../errors.ts';
import type { CallerServices, RouteEnv } from '../http/http-env.ts';
import { jsonEtag } from '../http/json-etag.ts';
import { originOf } from '../http/origin.ts';
import { rowPreconditions, type RowPreconditions } from '../http/preconditions.ts';
import { problemResponses } from '../http/problem.schema.ts';
import { readJson } from '../http/read-json.ts';
import { requireScope } from '../http/require-caller.ts';
import { fieldErrors, rejectInvalid } from '../http/validation.ts';
import {
  etagHeader,
  artifactIdParam,
  artifactPatchSchema,
  artifactSchema,
  newArtifactSchema,
  requireArtifactId,
} from './artifact.schema.ts';
import type { Artifacts } from './create-artifact-room.ts';
import { readNewArtifact } from './read-new-artifact.ts';

const TAGS = ['Artifacts'];
const artifactBody = { content: { 'application/json': { schema: artifactSchema } } };
const writeFailures = problemResponses(
  'unauthenticated',
  'forbidden',
  'invalid_request',
  'payload_too_large',
  'unsupported_media_type',
  'invalid_input',
  'database_unavailable',
);

// Bodies are read by `readNewArtifact` and `readJson`, counted against a cap, so the schemas are
// only named here.
const createArtifactRoute = createRoute({
  method: 'post',
  path: '/api/artifacts',
  tags: TAGS,
  summary: 'Store an artifact, with or without its image',
  security: [{ token: [] }],
  middleware: [requireScope('artifact:write'), jsonEtag] as const,
  requestBody: {
    required: true,
    content: {
      'application/json': { schema: { $ref: '#/components/schemas/NewArtifact' } },
      'multipart/form-data': {
        schema: {
          type: 'object',
          required: ['artifact'],
          additionalProperties: false,
          properties: {
            artifact: { $ref: '#/components/schemas/NewArtifact' },
            image: { type: 'string', format: 'binary', description: 'PNG or JPEG, at most 10 MB.' },
          },
        },
      },
    },
  },
  parameters: [
    {
      name: 'Idempotency-Key',
      in: 'header',
      required: false,
      description: 'The same key and body within 24 hours make one artifact.',
      schema: { type: 'string', minLength: 1, maxLength: 255 },
    },
  ],
  responses: {
    201: {
      description: 'Stored',
      headers: { Location: { schema: { type: 'string' } }, ...etagHeader },
      ...artifactBody,
    },
    ...writeFailures,
    ...problemResponses('idempotency_conflict', 'store_unavailable', 'store_answered_wrongly'),
  },
});

const patchRoute = createRoute({
  method: 'patch',
  path: '/api/artifacts/{id}',
  tags: TAGS,
  summary: 'Change some fields',
  description:
    'JSON objects are merged one level deep by the database; null clears a column. `If-Match` with the ETag of an ' +
    'answer: 412 when anybody changed the row since.',
  security: [{ token: [] }],
  middleware: [requireScope('artifact:write'), jsonEtag] as const,
  request: { params: artifactIdParam },
  requestBody: {
    required: true,
    content: { 'application/json': { schema: { $ref: '#/components/schemas/ArtifactPatch' } } },
  },
  responses: {
    200: { description: 'As it is now', headers: etagHeader, ...artifactBody },
    ...writeFailures,
    ...problemResponses('not_found', 'precondition_failed'),
  },
});

const deleteRoute = createRoute({
  method: 'delete',
  path: '/api/artifacts/{id}',
  tags: TAGS,
  summary: 'Delete an artifact and the image that only it shows',
  description:
    '`If-Match` with the ETag of an answer: 412, and nothing is deleted, when anybody changed the row since.',
  security: [{ token: [] }],
  middleware: [requireScope('artifact:write')] as const,
  request: { params: artifactIdParam },
  responses: {
    204: { description: 'Deleted' },
    ...problemResponses('unauthenticated', 'forbidden', 'not_found', 'precondition_failed'),
    ...problemResponses('database_unavailable'),
  },
});

interface ArtifactServices extends CallerServices {
  readonly artifacts: Artifacts;
}

/** Writing workflow artifacts: charts, LLM analyses and signals. */
export const artifactRoutes = new OpenAPIHono<RouteEnv<ArtifactServices>>({
  defaultHook: rejectInvalid,
});

artifactRoutes.openAPIRegistry.register('NewArtifact', newArtifactSchema);
artifactRoutes.openAPIRegistry.register('ArtifactPatch', artifactPatchSchema);
artifactRoutes.openAPIRegistry.registerComponent('securitySchemes', 'token', {
  type: 'http',
  scheme: 'bearer',
  description: 'A service token, or a JWT whose scope allows it.',
});

artifactRoutes.openapi(createArtifactRoute, async (c) => {
  const request = await readNewArtifact(c.req.raw);
  const caller = c.var.caller.kind === 'anonymous' ? 'anonymous' : c.var.caller.id;
  const key = c.req.header('idempotency-key');
  const { artifacts } = c.var.services;
  const { row, version, replayed } = await artifacts.create(request, { caller, key });
  c.header('location', `/api/artifacts/${row.id}`);
  c.header('cache-control', 'no-store');
  if (replayed) c.header('idempotent-replayed', 'true');
  c.set('rowVersion', version);
  return c.json(artifacts.present.stored(row, originOf(c.req)), 201);
});

artifactRoutes.openapi(patchRoute, async (c) => {
  const parsed = artifactPatchSchema.safeParse(await readJson(c.req.raw));
  if (!parsed.success) throw invalidInput(fieldErrors(parsed.error.issues));
  if (Object.keys(parsed.data).length === 0) {
    throw invalidInput([{ field: 'body', message: 'must change at least one field' }]);
  }
  const id = requireArtifactId(c.req.valid('param').id);
  const { artifacts } = c.var.services;
  await artifacts.patch(id, parsed.data, wantedOf(c.req));
  const { artifact, version } = await artifacts.present.current(id, originOf(c.req));
  c.header('cache-control', 'no-store');
  c.set('rowVersion', version);
  return c.json(artifact, 200);
});

artifactRoutes.openapi(deleteRoute, async (c) => {
  const id = requireArtifactId(c.req.valid('param').id);
  await c.var.services.artifacts.remove(id, wantedOf(c.req));
  return c.body(null, 204);
});

function wantedOf(request: HonoRequest): RowPreconditions {
  return rowPreconditions(request.header('if-match'), request.header('if-none-match'));
}
