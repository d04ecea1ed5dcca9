import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { listen } from '../../stand-in/listen.ts';

/** One request to the store. */
export interface StoreCall {
  readonly method: string;
  readonly path: string;
}

/**
 * Answers instead of the store; `pass` asks the store after all. What it leaves open is never
 * answered.
 */
export type StoreFault = (
  call: StoreCall,
  response: ServerResponse,
  pass: (change?: (reply: IncomingMessage) => void) => void,
) => void;

/** Stands between the Worker and an object store, and breaks what it is told to. */
export interface StoreProxy {
  readonly url: string;
  /** Where the store is. */
  target: string;
  readonly calls: StoreCall[];
  /** Null: everything is passed on. */
  fault: StoreFault | null;
  close(): Promise<void>;
}

export async function startStoreProxy(): Promise<StoreProxy> {
  const calls: StoreCall[] = [];
  const server = createServer((request, response) => {
    const call = { method: request.method ?? '', path: request.url ?? '' };
    calls.push(call);
    const pass = (change?: (reply: IncomingMessage) => void) => {
      // SigV4 signs the Host that the Worker asked for, so it travels on as it is.
      const { hostname, port } = new URL(proxy.target);
      const options = {
        hostname,
        port,
        method: call.method,
        path: call.path,
        headers: request.headers,
      };
      const upstream = httpRequest(options, (reply) => {
        if (change !== undefined) return change(reply);
        response.writeHead(reply.statusCode ?? 502, reply.headers);
        reply.pipe(response);
      });
      upstream.on('error', () => response.destroy());
      request.pipe(upstream);
    };
    if (proxy.fault === null) pass();
    else proxy.fault(call, response, pass);
  });
  const listening = await listen(
    server,
    { host: '127.0.0.1', port: 0 },
    { name: 'proxy', variable: 'PORT' },
  );
  const proxy: StoreProxy = {
    url: listening.url,
    target: '',
    calls,
    fault: null,
    close: () => listening.close(),
  };
  return proxy;
}
