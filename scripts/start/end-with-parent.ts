import { Worker } from 'node:worker_threads';

const WATCH_MS = 300;

/** Runs beside the event loop, so a main thread that spins does not stop it. */
const WATCH = `
  const { workerData: { parent, victim, graceMs, watchMs } } = require('node:worker_threads');
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    setTimeout(() => process.kill(victim, 'SIGKILL'), graceMs);
  }, watchMs);
`;

/**
 * Ends this process hard when its parent is gone and it has not ended by itself `graceMs` later: a
 * signal's handler never runs while the main thread is busy. (Windows gives no process another
 * parent: nothing happens there.) `group`: ended instead of this process alone.
 */
export function endWithParent(graceMs: number, group: number | null = null): void {
  new Worker(WATCH, {
    eval: true,
    execArgv: [],
    workerData: { parent: process.ppid, victim: group ?? process.pid, graceMs, watchMs: WATCH_MS },
  }).unref();
}

/**
 * What `kill` takes for this process and all that it started, when it leads their process group
 * (`detached`); null where there are no groups. esbuild in watch mode does not end with the process
 * that started it.
 */
export function groupOf(leader: number): number | null {
  return process.platform === 'win32' ? null : -leader;
}

/** Whoever is left of a process group. */
export function endGroup(leader: number): void {
  const group = groupOf(leader);
  if (group === null) return;
  try {
    process.kill(group, 'SIGKILL');
  } catch {
    // Nobody is.
  }
}
