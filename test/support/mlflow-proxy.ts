import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { listen, type LocalServer } from '../../stand-in/listen.ts';

/** One request that reached the proxy. */
export interface SeenCall {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** Answers instead of MLflow; whatever it leaves open is never answered. */
export type Fault = (call: SeenCall, response: ServerResponse) => void;

/**
 * Stands between the Worker and a MLflow: counts what is asked, and answers wrongly when told to.
 */
export interface MlflowProxy {
  readonly url: string;
  readonly calls: SeenCall[];
  /** Null: everything is passed on. */
  fault: Fault | null;
  /** Asks MLflow and passes its answer on, for faults that are none for every call. */
  pass(call: SeenCall, response: ServerResponse): void;
  /** Nobody listens any more, until `start`. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** `prefix` is a path under which MLflow is reached here, and which the real one does not have. */
export async function startMlflowProxy(target: string, prefix = ''): Promise<MlflowProxy> {
  const calls: SeenCall[] = [];
  const server = () =>
    createServer((request, response) => {
      void answer(request, response).catch(() => response.destroy());
    });
  const serve = (port: number): Promise<LocalServer> =>
    listen(server(), { host: '127.0.0.1', port }, { name: 'proxy', variable: 'PORT' });
  let running = await serve(0);
  const { port } = running;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const call = {
      method: request.method ?? '',
      path: request.url ?? '',
      headers: request.headers,
      body: Buffer.concat(chunks).toString(),
    };
    calls.push(call);
    if (proxy.fault !== null) return proxy.fault(call, response);
    pass(call, response);
  }

  function pass(call: SeenCall, response: ServerResponse): void {
    if (!call.path.startsWith(`${prefix}/api/`)) {
      response.writeHead(404).end();
      return;
    }
    const upstream = new URL(call.path.slice(prefix.length), target);
    const { host: _host, 'content-length': _length, ...headers } = call.headers;
    const passed = httpRequest(upstream, { method: call.method, headers }, (reply) => {
      response.writeHead(reply.statusCode ?? 502, reply.headers);
      reply.pipe(response);
    });
    passed.on('error', () => response.destroy());
    passed.end(call.body);
  }

  const proxy: MlflowProxy = {
    url: `http://127.0.0.1:${port}${prefix}`,
    calls,
    fault: null,
    pass,
    stop: () => running.close(),
    start: async () => {
      running = await serve(port);
    },
  };
  return proxy;
}
