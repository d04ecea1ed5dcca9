import { spawn, type ChildProcess } from 'node:child_process';

export interface KillableServer {
  /** SIGKILL to all its processes; done when they are gone. */
  kill(): Promise<void>;
  /** The same command again; done when it is ready. */
  restart(): Promise<void>;
}

const PAUSE_MS = 50;
const DEADLINE_MS = 60_000;

/**
 * A server in a process of its own, that a test kills and starts again. Throws with its output when
 * it is not ready.
 */
export async function startKillableServer(options: {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly readyUrl: string;
}): Promise<KillableServer> {
  let child: ChildProcess | null = null;
  let output = '';
  const kill = async () => {
    const running = child;
    child = null;
    if (running?.pid === undefined || running.exitCode !== null || running.signalCode !== null)
      return;
    const gone = new Promise((resolve) => running.once('close', resolve));
    process.kill(-running.pid, 'SIGKILL');
    await gone;
  };
  const start = async () => {
    output = '';
    const started = spawn(options.command, options.args, {
      env: { ...process.env, ...options.env },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child = started;
    started.on('error', (error) => (output += error.message));
    for (const stream of [started.stdout, started.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const deadline = Date.now() + DEADLINE_MS;
    while (!(await isReady(options.readyUrl))) {
      if (started.exitCode !== null || Date.now() > deadline) {
        await kill();
        throw new Error(`${options.command} is not ready: ${output}`);
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  };
  // Nothing outlives a test run that ends early.
  process.once('exit', () => {
    if (child?.pid !== undefined && child.exitCode === null && child.signalCode === null)
      process.kill(-child.pid, 'SIGKILL');
  });
  await start();
  return { kill, restart: start };
}

async function isReady(url: string): Promise<boolean> {
  return fetch(url, { signal: AbortSignal.timeout(2_000) }).then(
    (response) => response.ok,
    () => false,
  );
}
