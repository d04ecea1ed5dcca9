import { createRoute, OpenAPIHono } from '@hono/zod-openapi';
import type { RouteEnv } from '../http/http-env.ts';
import { rejectInvalid } from '../http/validation.ts';
import type { Health } from './create-health.ts';
import { healthSchema, readinessSchema } from './health.schema.ts';

const healthRoute = createRoute({
  method: 'get',
  path: '/healthz',
  tags: ['Operations'],
  summary: 'The process lives',
  responses: {
    200: { description: 'Alive', content: { 'application/json': { schema: healthSchema } } },
  },
});

const readinessContent = { 'application/json': { schema: readinessSchema } };
const readinessRoute = createRoute({
  method: 'get',
  path: '/readyz',
  tags: ['Operations'],
  summary: 'What works, per dependency',
  responses: {
    200: {
      description: 'Database and object store answer and have what is needed',
      content: readinessContent,
    },
    503: { description: 'One of the two does not', content: readinessContent },
  },
});

/** Alive needs no configuration, so that a wrong variable shows as not ready instead of dead. */
export const livenessRoutes = new OpenAPIHono<RouteEnv<object>>({ defaultHook: rejectInvalid });
livenessRoutes.openapi(healthRoute, (c) => {
  c.header('cache-control', 'no-store');
  return c.json({ status: 'alive' as const }, 200);
});

export const readinessRoutes = new OpenAPIHono<RouteEnv<{ readonly health: Pick<Health, 'read'> }>>(
  { defaultHook: rejectInvalid },
);
readinessRoutes.openapi(readinessRoute, async (c) => {
  const { ready, dependencies } = await c.var.services.health.read();
  c.header('cache-control', 'no-store');
  if (ready) return c.json({ status: 'ready' as const, dependencies }, 200);
  c.header('retry-after', '5');
  return c.json({ status: 'unavailable' as const, dependencies }, 503);
});
