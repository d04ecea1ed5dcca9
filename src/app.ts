import { OpenAPIHono } from '@hono/zod-openapi';
import type { HonoRequest } from 'hono';
import { cors } from 'hono/cors';
import { HTTPException } from 'hono/http-exception';
import { artifactRoutes } from './artifact/artifact.routes.ts';
import { executionRoutes } from './catalog/execution.routes.ts';
import { artifactListRoutes } from './catalog/list.routes.ts';
import { readRoutes } from './catalog/read.routes.ts';
import { artifactSummaryRoutes } from './catalog/summary.routes.ts';
import { AppError } from './errors.ts';
import { livenessRoutes, readinessRoutes } from './health/health.routes.ts';
import { forbidSniffing, refuseOtherMethods } from './http/allowed-methods.ts';
import type { RouteEnv } from './http/http-env.ts';
import { handleError } from './http/problem.ts';
import { requestContext } from './http/request-id.ts';
import { createRoutePatterns, type RoutePatterns } from './http/request-line.ts';
import { refuseUnseenParameter } from './http/validation.ts';
import { chartDataRoutes } from './image/data/chart-data.routes.ts';
import { renderRoutes } from './image/ledger/render.routes.ts';
import { imageRoutes } from './image/serve/image.routes.ts';
import { verifyRoutes } from './image/verify/verify.routes.ts';
import { lineageRoutes } from './lineage/lineage.routes.ts';
import { metricsRoutes } from './metrics/metrics.routes.ts';
import { createLog } from './observability/log.ts';
import type { Metrics } from './observability/metrics.ts';
import type { Services } from './services.ts';

const EXPOSED_HEADERS = [
  'ETag',
  'Location',
  'X-Request-Id',
  'X-Chart-Source',
  'X-Chart-Freshness',
  'X-Chart-Snapshot',
  'Idempotent-Replayed',
  'Content-Disposition',
  'Content-Range',
  'Retry-After',
];

/**
 * The Worker's HTTP face: middleware in order, routers, and the one place where failures become
 * responses.
 */
export function createApp(
  servicesOf: (env: Env) => Services,
  metrics: Metrics,
): OpenAPIHono<RouteEnv<Services, Env>> {
  const app = new OpenAPIHono<RouteEnv<Services, Env>>();
  app.onError((error, c) =>
    handleError(error instanceof HTTPException ? asAppError(error) : error, c),
  );
  app.notFound((c) => {
    throw new AppError('not_found', `There is nothing at ${c.req.path}.`);
  });

  let patterns: RoutePatterns | undefined;
  const routes = () => (patterns ??= createRoutePatterns(app.routes));
  app.use(requestContext({ log: createLog(), metrics, routes }));
  app.use(forbidSniffing);
  app.route('/', livenessRoutes);
  refuseOtherMethods(app);

  app.use(async (c, next) => {
    c.set('services', servicesOf(c.env));
    await next();
  });
  const crossOrigin = cors({
    origin: (origin, c) => (c.get('services').config.corsOrigins.includes(origin) ? origin : null),
    allowMethods: ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE'],
    allowHeaders: [
      'Authorization',
      'Content-Type',
      'Idempotency-Key',
      'If-Match',
      'If-None-Match',
      'If-Range',
      'Range',
      'X-Request-Id',
    ],
    exposeHeaders: EXPOSED_HEADERS,
    credentials: true,
    maxAge: 600,
  });
  app.use('/api/*', (c, next) => (isPlainOptions(c.req) ? next() : crossOrigin(c, next)));
  app.use('/api/*', (c, next) => {
    refuseUnseenParameter(c.req.queries());
    return next();
  });
  app.route('/', readinessRoutes);
  app.route('/', metricsRoutes);
  app.route('/', imageRoutes);
  app.route('/', chartDataRoutes);
  app.route('/', verifyRoutes);
  app.route('/', renderRoutes);
  app.route('/', artifactListRoutes);
  app.route('/', artifactSummaryRoutes);
  app.route('/', executionRoutes);
  app.route('/', readRoutes);
  app.route('/', artifactRoutes);
  app.route('/', lineageRoutes);
  app.doc31('/openapi.json', {
    openapi: '3.1.0',
    info: {
      title: 'Chartproof',
      version: '0.1.0',
      description: 'Workflow artifacts and chart images that provably match their bars.',
    },
  });
  refuseOtherMethods(app);
  return app;
}

/** No preflight, but somebody who asks what a path knows: its own routes say that. */
function isPlainOptions(request: HonoRequest): boolean {
  return (
    request.method === 'OPTIONS' && request.header('access-control-request-method') === undefined
  );
}

/** What Hono throws by itself is a malformed request. */
function asAppError(error: HTTPException): AppError {
  return new AppError(
    error.status === 413 ? 'payload_too_large' : 'invalid_request',
    error.message || 'The request is malformed.',
  );
}
