import { createRoute, OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { changed, jsonEtag } from '../http/json-etag.ts';
import { rowPreconditions, type RowPreconditions } from '../http/preconditions.ts';
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
import type { WriteOutcome } from './artifact.repository.ts';
import { readNewArtifact } from './read-new-artifact.ts';

const TAGS = ['Artifacts'];
const artifactBody = { content: { 'application/json': { schema: artifactSchema } } };
const etagHeader = {
  ETag: {
    description: 'Names the row as it is now, for `If-Match`.',
    schema: { type: 'string' as const },
  },
};
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
  const { row, version, replayed } = await c.var.services.createArtifact(request, { caller, key });
  c.header('location', `/api/artifacts/${row.id}`);
  c.header('cache-control', 'no-store');
  if (replayed) c.header('idempotent-replayed', 'true');
  c.set('rowVersion', version);
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
  const id = requireArtifactId(c.req.valid('param').id);
  const { artifacts, forgetImage, hydration } = c.var.services;
  assertWritten(id, await artifacts.patch(id, parsed.data, wantedOf(c)));
  await forgetImage(id);
  c.header('cache-control', 'no-store');
  const record = await found(id, artifacts.find);
  c.set('rowVersion', record.version);
  return c.json(hydration.present(hydration.known(record), originOf(c)), 200);
});

artifactRoutes.openapi(deleteRoute, async (c) => {
  const id = requireArtifactId(c.req.valid('param').id);
  assertWritten(id, await c.var.services.removeArtifact(id, wantedOf(c)));
  return c.body(null, 204);
});

/**
 * The version that is answered with belongs to what is shown: a look-up may just have written to
 * the row.
 */
async function readArtifact(c: Context<AppEnv>, idText: string): Promise<Artifact> {
  const { artifacts, hydration } = c.var.services;
  const id = requireArtifactId(idText);
  const record = await found(id, artifacts.find);
  const hydrated = await hydration.one(record);
  if (hydrated.record.row === record.row) {
    c.set('rowVersion', record.version);
    return hydration.present(hydrated, originOf(c));
  }
  const current = await found(id, artifacts.find);
  c.set('rowVersion', current.version);
  const { run_id, experiment_id } = hydrated.record.row;
  const isSameRun = current.row.run_id === run_id && current.row.experiment_id === experiment_id;
  const shown = isSameRun
    ? { ...hydrated, record: { ...hydrated.record, row: current.row } }
    : null;
  return hydration.present(shown ?? hydration.known(current), originOf(c));
}

function wantedOf(c: Context<AppEnv>): RowPreconditions {
  return rowPreconditions(c.req.header('if-match'), c.req.header('if-none-match'));
}

/** Throws `not_found` or `precondition_failed`. */
function assertWritten(id: number, { kind }: WriteOutcome): void {
  if (kind === 'absent') throw noArtifact(id);
  if (kind === 'changed') throw changed();
}

function originOf(c: Context<AppEnv>): string {
  return new URL(c.req.url).origin;
}

/** Throws `not_found` where nobody answers to the id. */
async function found<Row>(id: number, look: (id: number) => Promise<Row | null>): Promise<Row> {
  const row = await look(id);
  if (row === null) throw noArtifact(id);
  return row;
}

function noArtifact(id: number): AppError {
  return new AppError('not_found', `There is no artifact ${id}.`);
}
