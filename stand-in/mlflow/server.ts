import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listen, type LocalServer } from '../listen.ts';
import { MlflowError } from './error.ts';
import { createMlflowRoutes, type MlflowRoutes } from './routes.ts';
import { MLFLOW_PAGE } from './run-page.ts';
import { MlflowStore, type KeptExperiment } from './store.ts';

export interface MlflowServerOptions {
  /** Where runs are kept between starts; null: in memory. */
  readonly directory: string | null;
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Basic auth, when both are given. */
  readonly username?: string;
  readonly password?: string;
}

const API = '/api/2.0/mlflow/';
const BODY_MAX_BYTES = 16_000_000;
/**
 * An experiment with this tag answers as one that the account may not read: MLflow's own
 * permissions need its auth app.
 */
const DENIED_TAG = 'chartproof.denied';

/**
 * Stands in for an MLflow tracking server on one machine: experiments, runs and their search, as
 * far as lineage needs them, and a page that shows a run. One contract suite holds it to MLflow 3.
 */
export async function startMlflowServer(options: MlflowServerOptions): Promise<LocalServer> {
  const store = await MlflowStore.open(options.directory);
  const routes = createMlflowRoutes(store, isDenied);
  const server = createServer((request, response) => {
    answer(options, routes, request, response).catch((error: unknown) => {
      // A full disk, say.
      if (response.headersSent) return response.destroy();
      const message = error instanceof Error ? error.message : String(error);
      return sendJson(response, 500, { error_code: 'INTERNAL_ERROR', message });
    });
  });
  return listen(server, options, { name: 'MLflow stand-in', variable: 'MLFLOW_PORT' });
}

function isDenied({ tags }: KeptExperiment): boolean {
  return tags[DENIED_TAG] === 'true';
}

async function answer(
  options: MlflowServerOptions,
  routes: MlflowRoutes,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const body = await readBody(request);
  if (url.pathname === '/health') return send(response, 200, 'text/plain', 'OK');
  if (url.pathname === '/version') return send(response, 200, 'text/plain', '3.17.2');
  if (!isLoopback(request.headers.host ?? '')) {
    return send(
      response,
      403,
      'text/plain',
      'Invalid Host header - possible DNS rebinding attack detected',
    );
  }
  if (!hasAccess(options, request)) {
    response.setHeader('www-authenticate', 'Basic realm="mlflow"');
    return send(
      response,
      401,
      'text/html',
      'You are not authenticated. Please provide your credentials.',
    );
  }
  // A page of another origin may look, and not change anything.
  if (request.method !== 'GET' && isForeign(request)) {
    return send(response, 403, 'text/plain', 'Cross-origin request blocked');
  }
  if (!url.pathname.startsWith(API)) {
    return request.method === 'GET' && !url.pathname.startsWith('/api/')
      ? send(response, 200, 'text/html; charset=utf-8', MLFLOW_PAGE)
      : send(
          response,
          404,
          'text/html',
          '<!doctype html><title>404 Not Found</title><h1>Not Found</h1>',
        );
  }
  const route = routes.find(request.method ?? '', url.pathname.slice(API.length));
  if (route === null)
    return send(response, 404, 'text/html', '<!doctype html><title>404 Not Found</title>');
  try {
    const input = request.method === 'GET' ? Object.fromEntries(url.searchParams) : parseBody(body);
    sendJson(response, 200, await route(input));
  } catch (error) {
    if (!(error instanceof MlflowError)) throw error;
    sendJson(response, error.status, { error_code: error.code, message: error.message });
  }
}

/** A body that is no JSON object counts as an empty one, as MLflow has it. */
function parseBody(body: Buffer): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.byteLength;
    if (size <= BODY_MAX_BYTES) chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function isLoopback(host: string): boolean {
  return /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/.test(host);
}

function isForeign({ headers }: IncomingMessage): boolean {
  const { origin } = headers;
  if (origin === undefined) return false;
  return !URL.canParse(origin) || !isLoopback(new URL(origin).host);
}

function hasAccess(
  { username, password }: MlflowServerOptions,
  { headers }: IncomingMessage,
): boolean {
  if (username === undefined || password === undefined) return true;
  const wanted = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  return headers.authorization === wanted;
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  send(response, status, 'application/json', JSON.stringify(body));
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response
    .writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) })
    .end(body);
}
