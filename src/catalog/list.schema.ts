import { z } from '@hono/zod-openapi';
import { artifactSchema } from '../artifact/artifact.schema.ts';
import { once } from '../http/query.schema.ts';
import { artifactFilterFields, pageFields } from './filter.schema.ts';

const ARTIFACT_SORTS = [
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
export type GroupSort = '-created_at' | 'created_at';

export function isGroupSort(sort: ArtifactSort): sort is GroupSort {
  return sort === '-created_at' || sort === 'created_at';
}

export const artifactListQuery = z
  .strictObject({
    ...artifactFilterFields,
    ...pageFields('artifacts (or groups)'),
    sort: z.enum(ARTIFACT_SORTS, once).default('-created_at').openapi({
      description:
        'A minus sorts downwards. Equal ones are sorted by id in the same direction; artifacts without a symbol come last. Groups are sorted by their newest matching artifact, by `created_at` only.',
    }),
    group_by: z
      .enum(['execution_id'], once)
      .optional()
      .openapi({ description: 'Groups of artifacts instead of artifacts.' }),
  })
  .superRefine(({ group_by, sort }, context) => {
    if (group_by === undefined || isGroupSort(sort)) return;
    context.addIssue({
      code: 'custom',
      path: ['sort'],
      message: 'groups are sorted by created_at or -created_at only',
    });
  });
export type ArtifactListQuery = z.output<typeof artifactListQuery>;

export const nextCursorSchema = z
  .string()
  .nullable()
  .openapi({ description: 'Give it as `cursor` to read on; null at the end.' });

export const artifactListSchema = z
  .object({
    artifacts: z.array(artifactSchema),
    total: z
      .int()
      .openapi({ description: 'How many artifacts match, on this page or not.', example: 1_234 }),
    next_cursor: nextCursorSchema,
  })
  .openapi('ArtifactList');
