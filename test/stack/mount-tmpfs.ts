import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface Mounted {
  readonly path: string;
  remount(options: 'ro' | 'rw'): Promise<void>;
  unmount(): Promise<void>;
}

/**
 * A disk of its own, small enough to fill. Root mounts it, anybody else through sudo; without
 * either it fails.
 */
export async function mountTmpfs(path: string, megabytes: number): Promise<Mounted> {
  await mkdir(path, { recursive: true });
  await asRoot('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=1777`, 'tmpfs', path]);
  return {
    path,
    remount: (options) => asRoot('mount', ['-o', `remount,${options}`, path]),
    // A process that is just ending may still hold a file.
    unmount: () => asRoot('umount', ['--lazy', path]),
  };
}

async function asRoot(command: string, given: readonly string[]): Promise<void> {
  const isRoot = process.getuid?.() === 0;
  await run(isRoot ? command : 'sudo', isRoot ? given : ['-n', command, ...given]);
}
