import { spawn, type ChildProcess } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { PlainError } from '../../stand-in/plain-error.ts';
import { tail } from './run-command.ts';

export interface ServerCommand {
  /** For messages. */
  readonly title: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** User and group id to run as, where the server refuses to run as root. */
  readonly uid?: number;
  readonly gid?: number;
  readonly isReady: () => Promise<boolean>;
  /** It was ready and has ended, without being told to. */
  readonly onLost?: ((why: string) => void) | undefined;
  readonly deadlineMs: number;
}

const PAUSE_MS = 150;
const STOP_DEADLINE_MS = 8_000;

/**
 * Starts a server with all its children in a process group of its own and waits until it is ready.
 * Throws `PlainError` with the last lines it wrote. The returned function ends the whole group.
 */
export async function startServer(server: ServerCommand): Promise<() => Promise<void>> {
  const { title, command, args } = server;
  const child = spawn(command, args, {
    cwd: server.cwd,
    env: { ...process.env, ...server.env },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(server.uid === undefined ? {} : { uid: server.uid }),
    ...(server.gid === undefined ? {} : { gid: server.gid }),
  });
  let output = '';
  let ended: string | null = null;
  const collect = (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-20_000);
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  child.on('error', (error) => (ended = error.message));
  let isWanted = false;
  child.on('exit', (code, signal) => {
    ended ??= `it ended with ${code ?? signal}`;
    if (isWanted) server.onLost?.(`${title} is gone: ${ended}${tail(output)}`);
  });
  // Nothing that was started outlives this process when it is told to end.
  const onExit = () => signalGroup(child, 'SIGKILL');
  process.on('exit', onExit);
  const stop = async () => {
    isWanted = false;
    process.off('exit', onExit);
    await stopGroup(child);
  };
  const deadline = Date.now() + server.deadlineMs;
  while (!(await server.isReady().catch(() => false))) {
    if (ended !== null || Date.now() > deadline) {
      await stop();
      const why = ended ?? `it was not ready within ${Math.round(server.deadlineMs / 1000)} s`;
      throw new PlainError(`${title} did not start: ${why}${tail(output)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  isWanted = true;
  return stop;
}

async function stopGroup(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const exited = new Promise((resolve) => child.once('exit', resolve));
    signalGroup(child, 'SIGTERM');
    const timer = setTimeout(() => signalGroup(child, 'SIGKILL'), STOP_DEADLINE_MS);
    await exited;
    clearTimeout(timer);
  }
  // Children of it may have stayed.
  signalGroup(child, 'SIGKILL');
}

function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // The group is gone already.
  }
}

/** A port of the loopback that nobody uses now. */
export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => {
    probe.listen(0, '127.0.0.1', resolve);
  });
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => {
    probe.close(resolve);
  });
  return port;
}
