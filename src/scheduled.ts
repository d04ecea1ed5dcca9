import { failure } from './errors.ts';
import type { Services } from './services.ts';

/** Cron expression of wrangler.toml -> what is done then. */
const TASKS: Readonly<
  Record<string, Readonly<Record<string, (services: Services) => Promise<void>>>>
> = {
  '*/5 * * * *': {
    'probe store': ({ health }) => health.probeStore(),
    'probe MLflow': ({ lineage }) => lineage.probe(),
    'repair lineage': ({ lineage }) => lineage.repairDue(),
    'count artifacts': ({ metricReader }) => metricReader.refresh(),
  },
};

/**
 * Runs the tasks of one cron, each whatever becomes of the others; a failure is logged and thrown,
 * so that the platform counts it.
 */
export async function runScheduled(cron: string, services: Services): Promise<void> {
  const tasks = TASKS[cron];
  if (tasks === undefined) {
    services.log.warn('cron.unknown', { cron });
    return;
  }
  const failures = await Promise.all(
    Object.entries(tasks).map(async ([task, run]) => {
      try {
        await run(services);
        return [];
      } catch (error) {
        services.log.error('cron.failed', { cron, task, ...failure(error) });
        return [error];
      }
    }),
  );
  const [first] = failures.flat();
  if (first !== undefined) throw first;
}
