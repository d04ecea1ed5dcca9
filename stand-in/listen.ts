import type { Server } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { PlainError } from './plain-error.ts';

const RETRY_MS = 50;
/**
 * Node ends idle connections after five seconds, and a request that comes at that moment fails for
 * no fault of anybody.
 */
const KEEP_ALIVE_MS = 600_000;

/** A server of the local stack, listening. */
export interface LocalServer {
  readonly url: string;
  readonly port: number;
  /** Ends open connections too. */
  close(): Promise<void>;
}

/** Listens, or rejects with one sentence that says what to do. `path` is added to the URL. */
export async function listen(
  server: Server,
  at: { readonly host: string; readonly port: number },
  about: { readonly name: string; readonly variable: string; readonly path?: string },
): Promise<LocalServer> {
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(new Error(explain(error, at, about))),
    );
    server.listen(at.port, at.host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${at.host}:${port}${about.path ?? ''}`,
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/**
 * Throws what `listen` would throw on a port that cannot be listened on, before hard work is done
 * in vain. One that is taken is asked again for `patienceMs`.
 */
export async function assertFree(
  at: { readonly host: string; readonly port: number },
  about: { readonly name: string; readonly variable: string },
  patienceMs = 0,
): Promise<void> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const fault = await tryPort(at);
    if (fault === null) return;
    if (fault.code !== 'EADDRINUSE' || Date.now() >= deadline)
      throw new PlainError(explain(fault, at, about));
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

async function tryPort({
  host,
  port,
}: {
  readonly host: string;
  readonly port: number;
}): Promise<NodeJS.ErrnoException | null> {
  const probe = createServer();
  const fault = await new Promise<NodeJS.ErrnoException | null>((resolve) => {
    probe.once('error', resolve);
    probe.listen(port, host, () => resolve(null));
  });
  if (fault === null) await new Promise((resolve) => probe.close(resolve));
  return fault;
}

function explain(
  error: NodeJS.ErrnoException,
  { host, port }: { readonly host: string; readonly port: number },
  { name, variable }: { readonly name: string; readonly variable: string },
): string {
  if (error.code === 'EADDRINUSE') {
    return `Port ${port} is taken, so the ${name} cannot start: stop what uses it, or set ${variable} to another port.`;
  }
  if (error.code === 'EACCES')
    return `Port ${port} needs more rights: set ${variable} to one above 1023.`;
  return `The ${name} cannot listen on ${host}:${port}: ${error.message}`;
}
