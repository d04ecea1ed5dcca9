import { z } from '@hono/zod-openapi';
import { column, INT4_MAX, LINEAGE_STATUSES } from '../artifact/artifact.schema.ts';
import { limitParameter, utcTime } from '../http/query.schema.ts';
import { MLFLOW_ID } from '../mlflow/mlflow-filters.ts';

const text = (max: number) => column(max).min(1, 'must not be empty');

/** In UTC: PostgreSQL takes no offset of 16 hours or more, and no year 0. */
const instant = z
  .string()
  .transform((value, context) => {
    const utc = value.includes('T') ? utcTime(value) : null;
    // Written as answers write it, so that a walk is the same text all along.
    if (utc !== null) return utc.replace('Z', '+00:00');
    context.addIssue({ code: 'custom', message: 'must be an ISO 8601 time with offset' });
    return z.NEVER;
  })
  .openapi({ type: 'string', format: 'date-time' });

export const ATTACH_ARTIFACTS_MAX = 1_000;
export const REPAIR_LIMIT_DEFAULT = 500;
export const REPAIR_LIMIT_MAX = 2_000;
export const STATUS_LIMIT_DEFAULT = 100;
export const STATUS_LIMIT_MAX = 500;

/** POST /api/lineage/repair; an empty body asks for everything. */
export const repairRequestSchema = z
  .strictObject({
    limit: z.int().min(1).max(REPAIR_LIMIT_MAX).default(REPAIR_LIMIT_DEFAULT).openapi({
      description: 'Executions, and runs without experiment, that are looked up at most.',
    }),
    checked_before: instant.optional().openapi({
      description:
        'Leave out what was looked up since; send `checked_before` of the last answer to go on with the same walk.',
    }),
  })
  .openapi('LineageRepairRequest');

export type RepairRequest = z.output<typeof repairRequestSchema>;

const linkedArtifactSchema = z.object({
  id: z.int(),
  run_id: z.string(),
  experiment_id: z.string(),
});

export const repairReportSchema = z
  .object({
    checked: z
      .int()
      .openapi({ description: 'Executions, and runs without experiment, that were looked up.' }),
    linked: z
      .array(linkedArtifactSchema)
      .openapi({ description: 'Artifacts that name a run now.' }),
    finished: z
      .boolean()
      .openapi({ description: 'false: ask again with `checked_before` to go on.' }),
    reason: z
      .string()
      .nullable()
      .openapi({ description: 'Why it ended early: MLflow, or time and calls.' }),
    checked_before: z.string().openapi({ format: 'date-time' }),
  })
  .openapi('LineageRepairReport');

/** POST /api/lineage/attach. */
export const attachRequestSchema = z
  .strictObject({
    artifact_ids: z
      .array(z.int().min(1).max(INT4_MAX))
      .min(1, 'must name at least one artifact')
      .max(ATTACH_ARTIFACTS_MAX, `must name at most ${ATTACH_ARTIFACTS_MAX} artifacts`)
      .optional(),
    execution_id: text(255)
      .optional()
      .openapi({ description: 'With `workflow_id`: every artifact of the execution.' }),
    workflow_id: column(255)
      .optional()
      .openapi({ description: 'Empty for artifacts that name no workflow.' }),
    run_id: z.string().regex(MLFLOW_ID, 'must be a run_id as MLflow gives it'),
    experiment_id: z
      .string()
      .regex(MLFLOW_ID, 'must be an experiment_id as MLflow gives it')
      .nullish()
      .openapi({ description: 'Looked up in MLflow when it is left out.' }),
    overwrite: z
      .boolean()
      .default(false)
      .openapi({ description: 'Replace runs that are there already.' }),
  })
  .superRefine((body, context) => {
    const byIds = body.artifact_ids !== undefined;
    const byExecution = body.execution_id !== undefined || body.workflow_id !== undefined;
    const issue = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: [path], message });
    if (byIds && byExecution)
      issue('artifact_ids', 'is given instead of execution_id and workflow_id, not with them');
    if (!byIds && !byExecution)
      issue('artifact_ids', 'is missing: give it, or execution_id and workflow_id');
    if (byExecution && body.execution_id === undefined)
      issue('execution_id', 'is missing: workflow_id alone names no execution');
    if (byExecution && body.workflow_id === undefined)
      issue(
        'workflow_id',
        'is missing: an execution is named by both; it is empty for artifacts that name none',
      );
  })
  .openapi('LineageAttachRequest');
export type AttachRequest = z.output<typeof attachRequestSchema>;

export const attachReportSchema = z
  .object({
    attached: z
      .array(z.int())
      .openapi({ description: 'Ids of the artifacts that name the run now.' }),
    skipped: z.array(z.object({ id: z.int(), reason: z.string() })),
  })
  .openapi('LineageAttachReport');

export const lineageStatusQuery = z.strictObject({
  limit: limitParameter(
    STATUS_LIMIT_DEFAULT,
    STATUS_LIMIT_MAX,
    'How many entries `unlinked` has; `GET /api/artifacts?lineage=…` pages through all.',
  ),
});

const time = z.string().nullable().openapi({ format: 'date-time' });

export const lineageStatusReportSchema = z
  .object({
    mlflow: z.object({
      configured: z.boolean(),
      ok: z
        .boolean()
        .nullable()
        .openapi({ description: 'Whether it answered when it was last probed.' }),
      detail: z.string(),
      checked_at: time,
    }),
    artifacts: z.object({
      linked: z.int(),
      pending: z.int(),
      unresolved: z.int(),
      unavailable: z.int(),
    }),
    unlinked: z
      .array(
        z.object({
          workflow_id: z.string().nullable(),
          execution_id: z.string().nullable(),
          run_id: z.string().nullable().openapi({ description: 'Known, without its experiment.' }),
          artifacts: z.int(),
          status: z.enum(LINEAGE_STATUSES).exclude(['linked']),
          reason: z.string(),
          attempts: z.int().openapi({ description: 'Look-ups that found nothing.' }),
          checked_at: time,
          next_check_at: time,
        }),
      )
      .openapi({ description: 'One entry an execution, newest first.' }),
  })
  .openapi('LineageStatus');
