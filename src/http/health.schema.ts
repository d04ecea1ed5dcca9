import { z } from '@hono/zod-openapi';

export const healthSchema = z.object({ status: z.literal('alive') }).openapi('Health');

const dependency = z.object({ ok: z.boolean(), detail: z.string(), checked_at: z.string().optional() });

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
