import { createRoute, OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { jsonEtag } from '../http/json-etag.ts';
import { problemResponses } from '../http/problem.schema.ts';
import { readJson } from '../http/read-json.ts';
import { requireRead, requireScope } from '../http/require-caller.ts';
import { fieldErrors, invalidInput, rejectInvalid } from '../http/validation.ts';
import { AppError } from '../errors.ts';
import type { AppEnv } from '../services.ts';
import {
  artifactIdParam,
  artifactPatchSchema,
  artifactSchema,
  type Artifact,
  newArtifactSchema,
  requireArtifactId,
} from './artifact.schema.ts';
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

// Bodies are read by `readNewArtifact` and `readJson`, counted against a cap, so the schemas are only named here.
const createArtifactRoute = createRoute({
  method: 'post',
  path: '/api/artifacts',
  tags: TAGS,
  summary: 'Store an artifact, with or without its image',
  security: [{ token: [] }],
  middleware: [requireScope('artifact:write')] as const,
  requestBody: {
    required: true,
    content: {
      'application/json': { schema: { $ref: '#/components/schemas/NewArtifact' } },
      'multipart/form-data': {
        schema: {
          type: 'object',
          required: ['artifact'],
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
    201: { description: 'Stored', headers: { Location: { schema: { type: 'string' } } }, ...artifactBody },
    ...writeFailures,
    ...problemResponses('idempotency_conflict', 'store_unavailable', 'store_answered_wrongly'),
  },
});

const readRoute = createRoute({
  method: 'get',
  path: '/api/artifacts/{id}',
  tags: TAGS,
  summary: 'One artifact',
  middleware: [requireRead, jsonEtag] as const,
  request: { params: artifactIdParam },
  responses: {
    200: { description: 'The artifact', ...artifactBody },
    304: { description: 'Not changed' },
    ...problemResponses('unauthenticated', 'not_found', 'database_unavailable'),
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
    200: { description: 'The artifact', ...artifactBody },
    304: { description: 'Not changed' },
    ...problemResponses('unauthenticated', 'not_found', 'database_unavailable'),
  },
});

const patchRoute = createRoute({
  method: 'patch',
  path: '/api/artifacts/{id}',
  tags: TAGS,
  summary: 'Change some fields',
  description: 'JSON objects are merged one level deep by the database; null clears a column.',
  security: [{ token: [] }],
  middleware: [requireScope('artifact:write')] as const,
  request: { params: artifactIdParam },
  requestBody: {
    required: true,
    content: { 'application/json': { schema: { $ref: '#/components/schemas/ArtifactPatch' } } },
  },
  responses: {
    200: { description: 'As it is now', ...artifactBody },
    ...writeFailures,
    ...problemResponses('not_found'),
  },
});

const deleteRoute = createRoute({
  method: 'delete',
  path: '/api/artifacts/{id}',
  tags: TAGS,
  summary: 'Delete an artifact and the image that only it shows',
  security: [{ token: [] }],
  middleware: [requireScope('artifact:write')] as const,
  request: { params: artifactIdParam },
  responses: {
    204: { description: 'Deleted' },
    ...problemResponses('unauthenticated', 'forbidden', 'not_found', 'database_unavailable'),
  },
});

/** Workflow artifacts: charts, LLM analyses and signals. */
export const artifactRoutes = new OpenAPIHono<AppEnv>({ defaultHook: rejectInvalid });

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
  const { row, replayed } = await c.var.services.createArtifact(request, { caller, key });
  c.header('location', `/api/artifacts/${row.id}`);
  c.header('cache-control', 'no-store');
  if (replayed) c.header('idempotent-replayed', 'true');
  const { hydration } = c.var.services;
  return c.json(hydration.present(hydration.known({ row, lookup: null }), originOf(c)), 201);
});

artifactRoutes.openapi(readRoute, async (c) => {
  return c.json(await readArtifact(c, c.req.valid('param').id), 200);
});

artifactRoutes.openapi(downloadRoute, async (c) => {
  const artifact = await readArtifact(c, c.req.valid('param').id);
  c.header('content-disposition', `attachment; filename="artifact-${artifact.id}.json"`);
  return c.json(artifact, 200);
});

artifactRoutes.openapi(patchRoute, async (c) => {
  const parsed = artifactPatchSchema.safeParse(await readJson(c.req.raw));
  if (!parsed.success) throw invalidInput(fieldErrors(parsed.error.issues));
  if (Object.keys(parsed.data).length === 0) {
    throw invalidInput([{ field: 'body', message: 'must change at least one field' }]);
  }
  const row = await found(c.req.valid('param').id, (id) => c.var.services.artifacts.patch(id, parsed.data));
  await c.var.services.forgetImage(row.id);
  c.header('cache-control', 'no-store');
  const record = await found(String(row.id), c.var.services.artifacts.find);
  const { hydration } = c.var.services;
  return c.json(hydration.present(hydration.known(record), originOf(c)), 200);
});

artifactRoutes.openapi(deleteRoute, async (c) => {
  await found(c.req.valid('param').id, c.var.services.removeArtifact);
  return c.body(null, 204);
});

async function readArtifact(c: Context<AppEnv>, idText: string): Promise<Artifact> {
  const { artifacts, hydration } = c.var.services;
  return hydration.present(await hydration.one(await found(idText, artifacts.find)), originOf(c));
}

function originOf(c: Context<AppEnv>): string {
  return new URL(c.req.url).origin;
}

/** Throws `not_found` where nobody answers to the id. */
async function found<Row>(idText: string, look: (id: number) => Promise<Row | null>): Promise<Row> {
  const id = requireArtifactId(idText);
  const row = await look(id);
  if (row === null) throw new AppError('not_found', `There is no artifact ${id}.`);
  return row;
}
