import { z } from '@hono/zod-openapi';
import { AppError } from '../errors.ts';

/** The largest id that PostgreSQL's integer holds. */
export const INT4_MAX = 2_147_483_647;

const WELL_FORMED = 'must be well-formed Unicode, without half of a surrogate pair';

function isWellFormed(text: string): boolean {
  return text.isWellFormed();
}

/** PostgreSQL counts characters, JavaScript UTF-16 units; and no text column takes U+0000. */
export const column = (maxCharacters: number, params?: Parameters<typeof z.string>[0]) =>
  z
    .string(params)
    .refine((text) => !text.includes('\0'), 'must not contain the character U+0000')
    .refine(isWellFormed, WELL_FORMED)
    .refine(
      (text) => [...text].length <= maxCharacters,
      `must be at most ${maxCharacters} characters long`,
    );

const longText = z
  .string()
  .refine((text) => !text.includes('\0'), 'must not contain the character U+0000')
  .refine(isWellFormed, WELL_FORMED);

/** The name of something elsewhere; an empty one names nothing. */
const reference = column(255)
  .nullish()
  .transform((text) => (text === '' ? null : text));

/** A JSON object of any keys; unknown keys are kept as they came. */
const jsonObject = z.record(z.string(), z.unknown());

export const ARTIFACT_TYPES = ['chart', 'llm', 'signal'] as const;
/** Signals with this `signal_data.artifact_type`. */
export const SIGNAL_KINDS = ['order', 'trade', 'portfolio'] as const;

/** The writable columns, all optional; what POST demands on top is in `newArtifactSchema`. */
const writableFields = {
  name: column(255).min(1, 'must not be empty'),
  type: z.enum(ARTIFACT_TYPES),
  symbol: column(50).nullish(),
  run_id: reference,
  experiment_id: reference,
  workflow_id: reference,
  execution_id: reference,
  step_name: column(100).nullish(),
  dag_id: reference,
  task_id: reference,
  prompt: longText.nullish(),
  response: longText.nullish(),
  prompt_length: z
    .int()
    .min(0)
    .max(INT4_MAX)
    .nullish()
    .openapi({ description: 'Computed when `prompt` is given.' }),
  response_length: z
    .int()
    .min(0)
    .max(INT4_MAX)
    .nullish()
    .openapi({ description: 'Computed when `response` is given.' }),
  model_name: column(100).nullish(),
  image_path: longText.nullish(),
  chart_type: column(50).nullish(),
  chart_data: jsonObject.nullish(),
  action: column(20).nullish(),
  confidence: z
    .number()
    .min(0)
    .max(100)
    .nullish()
    .openapi({ description: 'A share from 0 to 1; above 1 it is read as a percentage.' }),
  signal_data: jsonObject.nullish(),
  metadata: jsonObject.nullish(),
};

export const newArtifactSchema = z.strictObject(writableFields).openapi('NewArtifact');
export type NewArtifact = z.output<typeof newArtifactSchema>;

export const artifactPatchSchema = z
  .strictObject(writableFields)
  .partial()
  .openapi('ArtifactPatch', {
    description: 'JSON objects are merged one level deep; null clears a column.',
    minProperties: 1,
  });
export type ArtifactPatch = z.output<typeof artifactPatchSchema>;

const time = z
  .string()
  .openapi({ format: 'date-time', example: '2025-11-15T13:55:58.123456+00:00' });

const nullableUrl = z.string().nullable();

export const LINEAGE_STATUSES = ['linked', 'pending', 'unresolved', 'unavailable'] as const;

/** Whether the artifact's MLflow run and experiment are known, how, and if not, why. */
export const lineageSchema = z
  .object({
    status: z.enum(LINEAGE_STATUSES).openapi({
      description:
        'linked: run and experiment are known. pending: not found yet, looked for again. unresolved: nothing more can be done. unavailable: MLflow could not be asked.',
    }),
    source: z
      .enum(['stored', 'sibling', 'mlflow', 'airflow'])
      .nullable()
      .openapi({ description: 'Where this answer has it from; null when there is nothing.' }),
    reason: z.string().nullable().openapi({ description: 'Why it is not linked, in words.' }),
    checked_at: time.nullable().openapi({ description: 'When MLflow was last asked about it.' }),
  })
  .openapi('Lineage');
export type Lineage = z.output<typeof lineageSchema>;

/** Where a person goes on from here; null where that is not known. */
export const linksSchema = z
  .object({
    self: z.string(),
    image: nullableUrl,
    execution: nullableUrl,
    mlflow_run: nullableUrl,
    mlflow_experiment: nullableUrl,
    airflow_run: nullableUrl,
    airflow_task: nullableUrl,
  })
  .openapi('Links');
export type Links = z.output<typeof linksSchema>;

/**
 * One workflow artifact as it goes over the wire: the row, `artifact_metadata` as `metadata`,
 * decimals as numbers.
 */
export const artifactSchema = z
  .object({
    id: z.int(),
    name: z.string(),
    type: z.string(),
    symbol: z.string().nullable(),
    run_id: z.string().nullable(),
    experiment_id: z.string().nullable(),
    workflow_id: z.string().nullable(),
    execution_id: z.string().nullable(),
    step_name: z.string().nullable(),
    dag_id: z.string().nullable(),
    task_id: z.string().nullable(),
    prompt: z.string().nullable(),
    response: z.string().nullable(),
    prompt_length: z.int().nullable(),
    response_length: z.int().nullable(),
    model_name: z.string().nullable(),
    image_path: z.string().nullable(),
    chart_type: z.string().nullable(),
    chart_data: z.unknown(),
    action: z.string().nullable(),
    confidence: z.number().nullable(),
    signal_data: z.unknown(),
    metadata: z.unknown(),
    created_at: time,
    updated_at: time.nullable(),
    lineage: lineageSchema,
    links: linksSchema,
  })
  .openapi('Artifact');
export type Artifact = z.output<typeof artifactSchema>;

/** Of every answer that shows one row. */
export const etagHeader = {
  ETag: {
    description: 'Names the row as it is now, for `If-Match`.',
    schema: { type: 'string' as const },
  },
};

/**
 * Decimal ids only here: a UUID names a project document. Anything else, and ids beyond int4, name
 * nothing.
 */
export const artifactIdParam = z.object({
  id: z
    .string()
    .openapi({ param: { name: 'id', in: 'path' }, example: '24', pattern: '^[1-9][0-9]{0,9}$' }),
});

/** The id in a path. Throws `not_found` for what no artifact can be called. */
export function requireArtifactId(text: string): number {
  const id = /^[1-9]\d{0,9}$/.test(text) ? Number(text) : Number.NaN;
  if (id <= INT4_MAX) return id;
  throw new AppError('not_found', `There is no artifact "${text.slice(0, 64)}".`);
}

export function noArtifact(id: number): AppError {
  return new AppError('not_found', `There is no artifact ${id}.`);
}
