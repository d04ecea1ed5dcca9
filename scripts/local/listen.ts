import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

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
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(new Error(explain(error, at, about))));
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

function explain(
  error: NodeJS.ErrnoException,
  { host, port }: { readonly host: string; readonly port: number },
  { name, variable }: { readonly name: string; readonly variable: string },
): string {
  if (error.code === 'EADDRINUSE') {
    return `Port ${port} is taken, so the ${name} cannot start: stop what uses it, or set ${variable} to another port.`;
  }
  if (error.code === 'EACCES') return `Port ${port} needs more rights: set ${variable} to one above 1023.`;
  return `The ${name} cannot listen on ${host}:${port}: ${error.message}`;
}
