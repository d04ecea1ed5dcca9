import { readFileSync } from 'node:fs';

const WATCH_MS = 300;

/**
 * npm does not pass a signal on: when it is killed, nobody else tells the processes that it
 * started. Watches this process' parent and, where the system tells it, the parents of that (npm
 * runs scripts through a shell): `generations` in all. `areGone` can be asked at any time; `onGone`
 * is called once.
 */
export function watchParents(onGone: () => void, generations = 2): { areGone(): boolean } {
  const first = parentIds(generations);
  const wasLate = isLeftBehind();
  const areGone = () => wasLate || parentIds(generations) !== first;
  const timer = setInterval(() => {
    if (!areGone()) return;
    clearInterval(timer);
    onGone();
  }, WATCH_MS);
  timer.unref();
  return { areGone };
}

interface Process {
  readonly parent: number;
  readonly session: number;
}

function parentIds(generations: number): string {
  const ids = [process.ppid];
  while (ids.length < generations) ids.push(processOf(ids.at(-1) ?? 0)?.parent ?? 0);
  return ids.join(' ');
}

/**
 * npm was killed before this could be looked at: it is in this session, and who adopts its children
 * is not.
 */
function isLeftBehind(): boolean {
  if (!process.env['npm_lifecycle_event']) return false;
  const own = processOf(process.pid);
  const parent = processOf(process.ppid);
  if (own === null || parent === null) return false;
  if (parent.session !== own.session) return true;
  if (process.ppid === own.session) return false;
  const above = processOf(parent.parent);
  return above !== null && above.session !== own.session;
}

/** Linux only; null elsewhere, and for a process that is gone. */
function processOf(id: number): Process | null {
  try {
    const stat = readFileSync(`/proc/${id}/stat`, 'utf8');
    // The name before it may hold spaces and parentheses: state, parent, group, session.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { parent: Number(fields[1]), session: Number(fields[3]) };
  } catch {
    return null;
  }
}
