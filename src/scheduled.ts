import { failure } from './errors.ts';
import type { Services } from './services.ts';

/** Cron expression of wrangler.toml -> what is done then. */
const TASKS: Readonly<Record<string, (services: Services) => Promise<void>>> = {
  '*/5 * * * *': (services) => services.probeStore(),
};

/** Runs the task of one cron; a failure is logged and thrown, so that the platform counts it. */
export async function runScheduled(cron: string, services: Services): Promise<void> {
  const task = TASKS[cron];
  if (task === undefined) {
    services.log.warn('cron.unknown', { cron });
    return;
  }
  try {
    await task(services);
  } catch (error) {
    services.log.error('cron.failed', { cron, ...failure(error) });
    throw error;
  }
}
