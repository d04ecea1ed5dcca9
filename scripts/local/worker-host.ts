import { describeError } from './describe-error.ts';
import { endWithParent } from './end-with-parent.ts';
import { startWorker } from './start-worker.ts';
import type { HostMessage, HostTask } from './host-worker.ts';

/** The process around wrangler and workerd: told by its parent what to run, ends with it. */
const CLOSE_DEADLINE_MS = 2_000;

let close = async () => {};
let isEnding = false;

endWithParent(CLOSE_DEADLINE_MS);
// A signal to the whole group is the parent's to answer; it disconnects.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
process.on('disconnect', () => void end());
process.on('uncaughtException', (error) => fail(error));
process.on('unhandledRejection', (error) => fail(error));
process.once('message', (task: HostTask) => {
  startWorker(task).then((worker) => {
    close = worker.close;
    tell({ kind: 'ready', url: worker.url, crons: worker.crons });
  }, fail);
});

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
  process.exit(0);
}

function tell(message: HostMessage, then: () => void = () => {}): void {
  if (process.connected) process.send?.(message, undefined, undefined, then);
  else then();
}
