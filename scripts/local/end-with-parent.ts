import { Worker } from 'node:worker_threads';

const WATCH_MS = 300;

/** Runs beside the event loop, so a main thread that spins does not stop it. */
const WATCH = `
  const { workerData: { parent, graceMs, watchMs } } = require('node:worker_threads');
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), graceMs);
  }, watchMs);
`;

/**
 * Ends this process hard when its parent is gone and it has not ended by itself `graceMs` later: a signal's handler never
 * runs while the main thread is busy. (Windows gives no process another parent: nothing happens there.)
 */
export function endWithParent(graceMs: number): void {
  new Worker(WATCH, {
    eval: true,
    execArgv: [],
    workerData: { parent: process.ppid, graceMs, watchMs: WATCH_MS },
  }).unref();
}
