import { appendFile, rename, stat } from 'node:fs/promises';

/** One message of the Worker, as workerd hands it over. */
export interface WorkerMessage {
  readonly timestamp: number;
  readonly level: string;
  readonly message: string;
}

export interface WorkerLog {
  take(message: WorkerMessage): void;
  /** Writes what is left. */
  close(): Promise<void>;
}

/**
 * What `npm start` itself asks carries this id and is left out: it would be most of the log of a
 * quiet day.
 */
export const OWN_REQUEST_ID = 'npm-start';
/** Then it becomes `….1`, and the one before is gone. */
const FILE_MAX_BYTES = 10_000_000;
const WRITE_EVERY_MS = 200;

/**
 * Keeps every line of the Worker in a file, one JSON object each, and shows what people should see:
 * failures always, requests when they are asked for, and whatever somebody wrote to the console
 * while trying something out.
 */
export function openWorkerLog(options: {
  readonly path: string;
  readonly showRequests: boolean;
  readonly say: (line: string) => void;
  readonly complain: (line: string) => void;
}): WorkerLog {
  const { path, showRequests, say, complain } = options;
  let waiting: string[] = [];
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();

  function writeWaiting(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const text = waiting.join('');
    waiting = [];
    // A full disk is told by what matters more; the Worker goes on.
    writing = writing.then(() => append(path, text)).catch(() => {});
    return writing;
  }

  return {
    take({ timestamp, level, message }) {
      const event = parseEvent(message);
      if (event === null) {
        (level === 'error' ? complain : say)(message);
      } else if (isOwnLook(event)) {
        return;
      } else if (event['event'] === 'request.answered') {
        if (showRequests) say(requestText(timestamp, event));
      } else if (level === 'error') {
        complain(message);
      }
      const line = event ?? { level, event: 'console', message };
      waiting.push(`${JSON.stringify({ time: new Date(timestamp).toISOString(), ...line })}\n`);
      timer ??= setTimeout(() => void writeWaiting(), WRITE_EVERY_MS).unref();
    },
    close: () => writeWaiting(),
  };
}

/** Anybody may send our id; what he asks for is left out only where there is nothing to see. */
function isOwnLook(event: Record<string, unknown>): boolean {
  const { request_id, event: name, route } = event;
  const isLook = route === '/healthz' || route === '/readyz';
  return request_id === OWN_REQUEST_ID && name === 'request.answered' && isLook;
}

async function append(path: string, text: string): Promise<void> {
  const { size } = await stat(path).catch(() => ({ size: 0 }));
  if (size > FILE_MAX_BYTES) await rename(path, `${path}.1`);
  if (text !== '') await appendFile(path, text);
}

/** Null: not one of our own lines. */
function parseEvent(message: string): Record<string, unknown> | null {
  if (!message.startsWith('{')) return null;
  try {
    const value = JSON.parse(message) as Record<string, unknown>;
    return typeof value['event'] === 'string' ? value : null;
  } catch {
    return null;
  }
}

/** `14:05:49 GET     200   34 ms  /api/artifacts/:id/image  edge` */
function requestText(timestamp: number, event: Record<string, unknown>): string {
  const time = new Date(timestamp).toTimeString().slice(0, 8);
  const { method, status, ms, route, source, code } = event;
  const more = [source, code]
    .filter((word) => word !== undefined)
    .map((word) => `  ${String(word)}`);
  const fields = [
    time,
    String(method).padEnd(7),
    String(status),
    `${String(ms).padStart(5)} ms `,
    String(route),
  ];
  return `${fields.join(' ')}${more.join('')}`;
}
