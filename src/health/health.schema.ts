import { z } from '@hono/zod-openapi';

export const healthSchema = z.object({ status: z.literal('alive') }).openapi('Health');

const dependency = z.object({
  ok: z.boolean(),
  detail: z.string().openapi({ description: 'What is wrong and what to do, for people.' }),
  reason: z.enum(['not_migrated', 'other_shape', 'no_bucket']).optional().openapi({
    description: 'Of what only a person can mend.',
  }),
  checked_at: z
    .string()
    .optional()
    .openapi({ description: 'Of what is not asked with every request.' }),
});

export const readinessSchema = z
  .object({
    status: z.enum(['ready', 'unavailable']),
    dependencies: z.object({
      database: dependency,
      store: dependency,
      conditional_writes: dependency,
      mlflow: dependency,
    }),
  })
  .openapi('Readiness');
