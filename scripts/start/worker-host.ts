import { describeError } from '../command/describe-error.ts';
import { endGroup, endWithParent, groupOf } from './end-with-parent.ts';
import type { HostMessage, HostTask } from './host-worker.ts';
import { startWorker } from './start-worker.ts';
import { openWorkerLog } from './worker-log.ts';

/**
 * The process around wrangler and workerd, and leader of their group: told by its parent what to
 * run, ends with it.
 */
const CLOSE_DEADLINE_MS = 2_000;

let close = async () => {};
let isEnding = false;

endWithParent(CLOSE_DEADLINE_MS, groupOf(process.pid));
// A signal to the whole group is the parent's to answer; it disconnects.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
process.on('disconnect', () => void end());
process.on('uncaughtException', (error) => fail(error));
process.on('unhandledRejection', (error) => fail(error));
process.once('message', (task: HostTask) => {
  run(task).catch(fail);
});

async function run(task: HostTask): Promise<void> {
  const log = openWorkerLog({ ...task.log, say: console.log, complain: console.error });
  const worker = await startWorker({ ...task, log });
  close = async () => {
    await worker.close();
    await log.close();
  };
  tell({ kind: 'ready', url: worker.url, crons: worker.crons });
}

function fail(error: unknown): void {
  if (isEnding) return;
  isEnding = true;
  tell({ kind: 'failed', message: describeError(error) }, () => process.exit(1));
}

async function end(): Promise<void> {
  if (isEnding) return;
  isEnding = true;
  await Promise.race([
    close().catch(() => {}),
    new Promise((resolve) => setTimeout(resolve, CLOSE_DEADLINE_MS)),
  ]);
  endGroup(process.pid);
  process.exit(0);
}

function tell(message: HostMessage, then: () => void = () => {}): void {
  if (process.connected) process.send?.(message, undefined, undefined, then);
  else then();
}
