import { z } from '@hono/zod-openapi';
import { artifactSchema, lineageSchema, linksSchema } from '../artifact/artifact.schema.ts';
import { once } from '../http/query.schema.ts';
import { artifactFilterFields, pageFields } from './filter.schema.ts';
import { nextCursorSchema } from './list.schema.ts';

const time = z
  .string()
  .openapi({ format: 'date-time', example: '2025-11-15T13:55:58.123456+00:00' });

/** The artifacts of one execution of one workflow, with the run that made them. */
export const artifactGroupSchema = z
  .object({
    workflow_id: z.string().nullable().openapi({ example: 'daily_analysis' }),
    execution_id: z.string().nullable().openapi({
      description: 'Null: the one group of all artifacts that name no execution.',
      example: '2025-11-15 13:54:31.981650+00:00',
    }),
    dag_id: z.string().nullable().openapi({ example: 'daily_analysis' }),
    first_at: time.openapi({ description: 'When the oldest artifact of the group was created.' }),
    last_at: time.openapi({ description: 'When the newest artifact of the group was created.' }),
    counts: z.record(z.string(), z.int()).openapi({
      description: 'How many artifacts of each type the group has, listed here or not.',
      example: { chart: 2, llm: 1 },
    }),
    symbols: z.array(z.string()).openapi({ example: ['AAPL'] }),
    artifacts: z
      .array(artifactSchema)
      .openapi({ description: 'Newest first, at most 500 of a group; `counts` has them all.' }),
    run_id: z.string().nullable(),
    experiment_id: z.string().nullable(),
    lineage: lineageSchema,
    links: linksSchema.pick({
      execution: true,
      mlflow_run: true,
      mlflow_experiment: true,
      airflow_run: true,
    }),
  })
  .openapi('ArtifactGroup');
export type ArtifactGroupOnWire = z.output<typeof artifactGroupSchema>;

export const groupedArtifactsSchema = z
  .object({
    groups: z.array(artifactGroupSchema).openapi({
      description: 'Newest first. A page with large groups may end before `limit`.',
    }),
    grouped: z.record(z.string(), z.array(artifactSchema)).openapi({
      description:
        'The same artifacts by execution_id, or by `workflow_id/execution_id` where workflows share one; those without are under "ungrouped".',
    }),
    group_count: z
      .int()
      .openapi({ description: 'How many groups match, on this page or not.', example: 40 }),
    total: z
      .int()
      .openapi({ description: 'How many artifacts match, on this page or not.', example: 1_234 }),
    next_cursor: nextCursorSchema,
  })
  .openapi('GroupedArtifacts');

export const executionListQuery = z.strictObject({
  ...artifactFilterFields,
  ...pageFields('executions'),
  sort: z
    .enum(['-created_at', 'created_at'], once)
    .default('-created_at')
    .openapi({ description: 'By the newest matching artifact of each execution.' }),
});
export type ExecutionListQuery = z.output<typeof executionListQuery>;

export const executionListSchema = z
  .object({
    executions: z.array(artifactGroupSchema).openapi({
      description: 'Newest first. A page with large executions may end before `limit`.',
    }),
    total: z
      .int()
      .openapi({ description: 'How many executions match, on this page or not.', example: 40 }),
    next_cursor: nextCursorSchema,
  })
  .openapi('ExecutionList');

export const executionParam = z.object({
  execution_id: z.string().openapi({
    param: { name: 'execution_id', in: 'path' },
    description:
      'Percent-encoded. Any usual way to write the same instant, or an Airflow run id of it, finds the execution.',
    example: '2025-11-15 13:54:31.981650+00:00',
  }),
});

export const executionQuery = z.strictObject({
  workflow_id: artifactFilterFields.workflow_id.openapi({
    description:
      'Needed where several workflows share the execution_id; empty for artifacts that name none.',
    example: 'daily_analysis',
  }),
  include: pageFields('executions').include,
});
export type ExecutionQuery = z.output<typeof executionQuery>;
