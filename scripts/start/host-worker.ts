import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { PlainError, systemCode } from '../../stand-in/plain-error.ts';
import { endGroup } from './end-with-parent.ts';
import { prepareWorker, type RunningWorker } from './start-worker.ts';
import { endWorkerds, livingWorkerds } from './start-workerd.ts';
import { OWN_REQUEST_ID } from './worker-log.ts';

const HOST_SCRIPT = fileURLToPath(new URL('worker-host.ts', import.meta.url));
const WATCH_MS = 1_000;
const ANSWER_MS = 3_000;
/** One refusal may be a reload that is just going on. */
const DEAD_AT_FAILURES = 2;
/** A Worker whose processes all live is busy, not dead; for this long. */
const BUSY_MAX_MS = 60_000;
/** Starts one after the other that did not come to be. */
const STARTS_MAX = 3;
const CLOSE_DEADLINE_MS = 4_000;
/** esbuild ends with it when it is let. */
const BROKEN_CLOSE_MS = 1_000;

export interface HostTask {
  readonly port: number;
  readonly stateDirectory: string;
  readonly variables: Readonly<Record<string, string>>;
  /** Where its lines are kept, and whether requests are shown as well. */
  readonly log: { readonly path: string; readonly showRequests: boolean };
}

export type HostMessage =
  | { readonly kind: 'ready'; readonly url: string; readonly crons: readonly string[] }
  | { readonly kind: 'failed'; readonly message: string };

export interface HostedWorker extends RunningWorker {
  /**
   * From now on it is started again whenever it, or the process around it, ends or does not answer.
   */
  watch(): void;
}

/**
 * The Worker in a process of its own, so that one which was killed, or took all memory, is replaced
 * whole, as often as need be. Rejects with `PlainError` when the first start fails; `onLost` hears,
 * once, that later ones fail too.
 */
export async function hostWorker(
  options: HostTask & { readonly onLost: (error: PlainError) => void },
): Promise<HostedWorker> {
  const { port, stateDirectory, variables, log } = options;
  const task: HostTask = { port, stateDirectory, variables, log };
  let host = await startHost(task);
  let isClosing = false;
  let replacing: Promise<void> | null = null;
  let timer: NodeJS.Timeout | undefined;
  const sight = createSight(stateDirectory);

  const replace = async (start = 1): Promise<void> => {
    await endHost(host.child, BROKEN_CLOSE_MS);
    try {
      await endWorkerds(stateDirectory);
      await prepareWorker(task);
      if (isClosing) return;
      host = await startHost(task);
      if (isClosing) return await endHost(host.child, BROKEN_CLOSE_MS);
      watchEnd();
      sight.forget();
    } catch (error) {
      if (isClosing) return;
      if (start < STARTS_MAX) return replace(start + 1);
      const reason = error instanceof Error ? error.message : String(error);
      options.onLost(
        new PlainError(`The Worker was ended from outside and did not come back: ${reason}`),
      );
    }
  };
  const heal = () => {
    if (isClosing || replacing !== null) return;
    console.log('The Worker has ended and is started again …');
    replacing = replace().finally(() => (replacing = null));
  };
  const watchEnd = () => host.child.once('exit', heal);

  return {
    url: host.url,
    crons: host.crons,
    watch() {
      if (host.child.exitCode === null && host.child.signalCode === null) watchEnd();
      else heal();
      let isAsking = false;
      const look = async () => {
        if (isAsking || replacing !== null) return;
        isAsking = true;
        if (await sight.look(host.url).catch(() => false)) heal();
        isAsking = false;
      };
      timer = setInterval(() => void look(), WATCH_MS);
      timer.unref();
    },
    async close() {
      isClosing = true;
      clearInterval(timer);
      host.child.off('exit', heal);
      await endHost(host.child, CLOSE_DEADLINE_MS);
      await replacing;
    },
  };
}

/** Tells a Worker that is gone from one that is busy. */
function createSight(stateDirectory: string) {
  let living: readonly number[] = [];
  let failures = 0;
  let failingSince = 0;
  return {
    forget() {
      [living, failures] = [[], 0];
    },
    /** Asks once; true when it has to be started again. */
    async look(url: string): Promise<boolean> {
      const failure = await ask(url);
      const now = await livingWorkerds(stateDirectory);
      if (failure === null) {
        [living, failures] = [now, 0];
        return false;
      }
      if (failures === 0) failingSince = Date.now();
      failures += 1;
      const isGone = failure === 'refused' || living.some((id) => !now.includes(id));
      return isGone ? failures >= DEAD_AT_FAILURES : Date.now() - failingSince > BUSY_MAX_MS;
    },
  };
}

async function ask(url: string): Promise<'refused' | 'late' | null> {
  try {
    const response = await fetch(`${url}/healthz`, {
      headers: { 'x-request-id': OWN_REQUEST_ID },
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    await response.arrayBuffer();
    return null;
  } catch (error) {
    return systemCode(error instanceof Error ? error.cause : null) === 'ECONNREFUSED'
      ? 'refused'
      : 'late';
  }
}

async function startHost(
  task: HostTask,
): Promise<{ child: ChildProcess; url: string; crons: readonly string[] }> {
  const child = fork(HOST_SCRIPT, {
    // A process group of its own, which is ended whole.
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const answer = new Promise<HostMessage>((resolve) => {
    child.once('message', (message) => resolve(message as HostMessage));
    child.once('exit', () => resolve({ kind: 'failed', message: 'it ended while it started.' }));
    child.once('error', (error) => resolve({ kind: 'failed', message: error.message }));
  });
  child.send(task);
  const message = await answer;
  if (message.kind === 'ready') return { child, url: message.url, crons: message.crons };
  await endHost(child, BROKEN_CLOSE_MS);
  throw new PlainError(message.message);
}

/** It ends by itself when nobody speaks to it any more; what it leaves behind is ended after it. */
async function endHost(child: ChildProcess, patienceMs: number): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    if (child.connected) child.disconnect();
    const timer = setTimeout(() => child.kill('SIGKILL'), patienceMs);
    await ended;
    clearTimeout(timer);
  }
  if (child.pid !== undefined) endGroup(child.pid);
}
