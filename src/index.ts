import { waitUntil } from 'cloudflare:workers';
import { createApp } from './app.ts';
import { renderGateClass, type RenderGateDependencies } from './image/redraw/render-gate.ts';
import { createMetrics } from './observability/metrics.ts';
import { runScheduled } from './scheduled.ts';
import { createGateServices, createServices, type Services } from './services.ts';

/** What this isolate counts, before there are services as well. */
const metrics = createMetrics();
let services: Services | undefined;
let gateDependencies: RenderGateDependencies | undefined;

/**
 * Built with the first request of an isolate; a configuration error is told again with every
 * request.
 */
function servicesOf(env: Env): Services {
  services ??= createServices(env, { cache: caches.default, defer: waitUntil, metrics });
  return services;
}

export const RenderGate = renderGateClass(
  (env: Env) => (gateDependencies ??= createGateServices(env, { defer: waitUntil, metrics })),
);

const app = createApp(servicesOf, metrics);

export default {
  fetch: app.fetch,
  scheduled: (controller, env) => runScheduled(controller.cron, servicesOf(env)),
} satisfies ExportedHandler<Env>;
