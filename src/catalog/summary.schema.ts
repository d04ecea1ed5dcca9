import { z } from '@hono/zod-openapi';

export const artifactSummarySchema = z
  .object({
    artifacts: z.int().openapi({ description: 'How many there are.', example: 1_234 }),
    by_type: z.record(z.string(), z.int()).openapi({
      description: 'order, trade and portfolio are counted as signals, too.',
      example: { chart: 500, llm: 400, signal: 334, order: 100, trade: 50, portfolio: 10 },
    }),
    by_lineage: z
      .object({ linked: z.int(), pending: z.int(), unresolved: z.int(), unavailable: z.int() })
      .openapi({ description: 'By `lineage.status`, as last recorded.' }),
    renders_by_reason: z.record(z.string(), z.int()).openapi({
      description: 'How many pictures had to be drawn, and why.',
      example: { missing: 20, stale: 3 },
    }),
    newest_at: z
      .string()
      .nullable()
      .openapi({ format: 'date-time', example: '2025-11-15T13:55:58.123456+00:00' }),
  })
  .openapi('ArtifactSummary');
