import { createServer, request as httpRequest } from 'node:http';
import { listen } from '../../stand-in/listen.ts';

/** Stands between the Worker and its database, and keeps the text of every statement. */
export interface SqlProxy {
  readonly url: string;
  /** Where the database's endpoint is. */
  target: string;
  readonly statements: string[];
  /** Awaited before a request is passed on. */
  hold: (statement: string) => Promise<void>;
  close(): Promise<void>;
}

export async function startSqlProxy(): Promise<SqlProxy> {
  const statements: string[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const texts = statementsOf(body.toString());
    statements.push(...texts);
    for (const text of texts) await proxy.hold(text);
    const { host: _host, ...headers } = request.headers;
    const upstream = httpRequest(proxy.target, { method: 'POST', headers }, (reply) => {
      response.writeHead(reply.statusCode ?? 502, reply.headers);
      reply.pipe(response);
    });
    upstream.on('error', () => response.destroy());
    upstream.end(body);
  });
  const at = { host: '127.0.0.1', port: 0 };
  const listening = await listen(server, at, { name: 'proxy', variable: 'PORT', path: '/sql' });
  const proxy: SqlProxy = {
    url: listening.url,
    target: '',
    statements,
    hold: async () => {},
    close: () => listening.close(),
  };
  return proxy;
}

function statementsOf(body: string): string[] {
  const { query, queries } = JSON.parse(body) as { query?: string; queries?: { query: string }[] };
  return queries?.map((one) => one.query) ?? [query ?? ''];
}
