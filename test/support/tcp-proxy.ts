import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Stands in front of a server that a test cannot stop, and can be stopped instead. */
export interface TcpProxy {
  readonly port: number;
  /** Nobody listens any more, and open connections end. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

export async function startTcpProxy(target: { host: string; port: number }): Promise<TcpProxy> {
  const open = new Set<Socket>();
  const serve = (port: number) =>
    new Promise<Server>((resolve, reject) => {
      const server = createServer((client) => {
        const upstream = connect(target.port, target.host);
        for (const [one, other] of [
          [client, upstream],
          [upstream, client],
        ] as const) {
          open.add(one);
          one.on('error', () => other.destroy());
          one.on('close', () => {
            open.delete(one);
            other.destroy();
          });
        }
        client.pipe(upstream);
        upstream.pipe(client);
      });
      server.once('error', reject);
      server.listen(port, '127.0.0.1', () => resolve(server));
    });
  let running = await serve(0);
  const { port } = running.address() as AddressInfo;
  return {
    port,
    stop: () =>
      new Promise((resolve) => {
        running.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
    start: async () => {
      running = await serve(port);
    },
  };
}
