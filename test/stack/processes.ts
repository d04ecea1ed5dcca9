import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';

export interface TreeProcess {
  readonly id: number;
  /** What it runs, as far as the system tells it. */
  readonly command: string;
}

/** A process and everything under it, parents first. */
export function processTree(root: number): TreeProcess[] {
  const all = existsSync('/proc/self/stat') ? fromProc() : fromPs();
  const tree = all.filter(({ id }) => id === root);
  for (const { id } of tree) tree.push(...all.filter(({ parent }) => parent === id));
  return tree;
}

/** True when it was there. */
export function killHard(id: number): boolean {
  try {
    return process.kill(id, 'SIGKILL');
  } catch {
    return false;
  }
}

/** False for zombies; `command`: numbers of processes are given again. */
export function isAlive(id: number, command?: string): boolean {
  const all = existsSync('/proc/self/stat') ? fromProc() : fromPs();
  return all.some((one) => one.id === id && (command === undefined || one.command === command));
}

function fromProc() {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      if (state === 'Z') return [];
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
      return [{ id: Number(name), parent: Number(parent), command }];
    } catch {
      return [];
    }
  });
}

function fromPs() {
  const listing = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' });
  return listing.split('\n').flatMap((line) => {
    const [, id, parent, command = ''] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    return id === undefined ? [] : [{ id: Number(id), parent: Number(parent), command }];
  });
}
