import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi';
import type { CallerServices, RouteEnv } from '../http/http-env.ts';
import { problemResponses } from '../http/problem.schema.ts';
import { requireScope } from '../http/require-caller.ts';
import { rejectInvalid } from '../http/validation.ts';
import { EXPOSITION_TYPE } from '../observability/exposition.ts';
import type { MetricReader } from './read-metrics.ts';

const metricsRoute = createRoute({
  method: 'get',
  path: '/metrics',
  tags: ['Operations'],
  summary: 'Counts and gauges for Prometheus',
  description:
    'Text exposition format 0.0.4. Artifacts are counted at most once a minute, whoever asks; docs/operations.md lists ' +
    'every metric.',
  security: [{ token: [] }],
  middleware: [requireScope('metrics:read')] as const,
  responses: {
    200: {
      description: 'Also while the database is down or not migrated, which two gauges tell',
      content: { 'text/plain; version=0.0.4': { schema: z.string() } },
    },
    ...problemResponses('unauthenticated', 'forbidden'),
  },
});

interface MetricsServices extends CallerServices {
  readonly metricReader: Pick<MetricReader, 'read'>;
}

/** `GET /metrics`. */
export const metricsRoutes = new OpenAPIHono<RouteEnv<MetricsServices>>({
  defaultHook: rejectInvalid,
});

metricsRoutes.openapi(metricsRoute, async (c) => {
  const text = await c.var.services.metricReader.read();
  return c.text(text, 200, {
    'content-type': EXPOSITION_TYPE,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
});
