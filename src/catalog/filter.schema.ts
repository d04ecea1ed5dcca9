import { z } from '@hono/zod-openapi';
import {
  ARTIFACT_TYPES,
  column,
  LINEAGE_STATUSES,
  SIGNAL_KINDS,
} from '../artifact/artifact.schema.ts';
import { limitParameter, once, utcTime } from '../http/query.schema.ts';

const LIST_LIMIT_DEFAULT = 100;
const LIST_LIMIT_MAX = 500;
const CURSOR_MAX_LENGTH = 4_096;
const SEARCH_MAX_CHARACTERS = 255;

/** An exact value of a column; longer than the column it could only be a mistake. */
const exactly = (name: string, maxCharacters: number, example: string) =>
  column(maxCharacters, once)
    .optional()
    .openapi({ description: `Exactly this \`${name}\`.`, example });

const time = (description: string) =>
  z
    .string(once)
    .transform((value, context) => {
      const utc = utcTime(value);
      if (utc !== null) return utc;
      context.addIssue({
        code: 'custom',
        message:
          'must be a date (2025-11-15) or a date-time with offset (2025-11-15T13:54:31.981650+00:00)',
      });
      return z.NEVER;
    })
    .optional()
    .openapi({ type: 'string', description, example: '2025-11-15T13:54:31.981650+00:00' });

/** What every list of artifacts can be narrowed by. */
export const artifactFilterFields = {
  type: z
    .enum([...ARTIFACT_TYPES, ...SIGNAL_KINDS], once)
    .optional()
    .openapi({
      description: 'order, trade and portfolio are signals with that `signal_data.artifact_type`.',
      example: 'chart',
    }),
  symbol: exactly('symbol', 50, 'AAPL'),
  workflow_id: exactly('workflow_id', 255, 'daily_analysis'),
  execution_id: exactly('execution_id', 255, '2025-11-15 13:54:31.981650+00:00'),
  dag_id: exactly('dag_id', 255, 'daily_analysis'),
  step_name: exactly('step_name', 100, 'technical_analysis'),
  run_id: exactly('run_id', 255, 'b1c2d3e4f5a64b7c8d9e0f1a2b3c4d5e'),
  lineage: z
    .enum(LINEAGE_STATUSES, once)
    .optional()
    .openapi({ description: 'This `lineage.status`, as last recorded.', example: 'linked' }),
  q: column(SEARCH_MAX_CHARACTERS, once).optional().openapi({
    description: 'A part of `name`, `symbol` or `run_id`, in upper or lower case.',
    example: 'aapl',
    maxLength: SEARCH_MAX_CHARACTERS,
  }),
  created_after: time('Created at this time or later: a date, or a date-time with offset.'),
  created_before: time('Created before this time: a date, or a date-time with offset.'),
};

/** How much of a list, and from where. `of`: what is counted. */
export const pageFields = (of: string) => ({
  include: z.enum(['bars'], once).optional().openapi({
    description:
      '`bars`: with every stored bar, and at most 100 artifacts a page; they are left out otherwise.',
  }),
  limit: limitParameter(LIST_LIMIT_DEFAULT, LIST_LIMIT_MAX, `How many ${of} a page has at most.`),
  cursor: z.string(once).max(CURSOR_MAX_LENGTH).optional().openapi({
    description: "The previous page's `next_cursor`; good for the same sort and filters only.",
  }),
});

const filterSchema = z.strictObject(artifactFilterFields);
export type ArtifactFilter = z.output<typeof filterSchema>;
