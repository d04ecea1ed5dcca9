import { z } from '@hono/zod-openapi';
import { artifactFilterFields, pageFields } from './artifact-filter.schema.ts';
import { artifactSchema } from './artifact.schema.ts';

export const ARTIFACT_SORTS = [
  '-created_at',
  'created_at',
  'name',
  '-name',
  'symbol',
  '-symbol',
  'type',
  '-type',
  'id',
  '-id',
] as const;
export type ArtifactSort = (typeof ARTIFACT_SORTS)[number];

export const artifactListQuery = z.strictObject({
  ...artifactFilterFields,
  ...pageFields('artifacts'),
  sort: z
    .enum(ARTIFACT_SORTS, {
      error: (issue) => (Array.isArray(issue.input) ? 'may be given once' : undefined),
    })
    .default('-created_at')
    .openapi({
      description:
        'A minus sorts downwards. Equal ones are sorted by id in the same direction; artifacts without a symbol come last.',
    }),
  group_by: z.enum(['execution_id']).optional(),
});
export type ArtifactListQuery = z.output<typeof artifactListQuery>;

export const nextCursorSchema = z
  .string()
  .nullable()
  .openapi({ description: 'Give it as `cursor` to read on; null at the end.' });

export const artifactListSchema = z
  .object({
    artifacts: z.array(artifactSchema),
    total: z.int().openapi({ description: 'How many artifacts match, on this page or not.', example: 1_234 }),
    next_cursor: nextCursorSchema,
  })
  .openapi('ArtifactList');
