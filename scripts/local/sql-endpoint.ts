import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { SqlBackend, SqlStatement, SqlResult, TransactionOptions } from './sql-backend.ts';
import { SqlError } from './sql-backend.ts';
import { listen, type LocalServer } from './listen.ts';

const MAX_BODY_BYTES = 64_000_000;
const ISOLATION_LEVELS: Readonly<Record<string, string>> = {
  ReadUncommitted: 'read uncommitted',
  ReadCommitted: 'read committed',
  RepeatableRead: 'repeatable read',
  Serializable: 'serializable',
};

export interface SqlEndpointOptions {
  readonly backend: SqlBackend;
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** What callers must present in `Neon-Connection-String`: user, password and database are compared. */
  readonly databaseUrl: string;
}

/**
 * Neon's HTTP protocol (`POST /sql`, one statement or a batch) in front of any PostgreSQL, so that the Worker runs
 * unchanged on one machine. Values travel as PostgreSQL's own text. Errors are HTTP 400 with the SQLSTATE as `code`.
 */
export async function startSqlEndpoint(options: SqlEndpointOptions): Promise<LocalServer> {
  const server = createServer((request, response) => {
    answer(options, request, response).catch((error: unknown) => {
      const { status, body } = failure(error);
      send(response, status, body);
    });
  });
  return listen(server, options, { name: 'SQL endpoint', variable: 'SQL_PORT', path: '/sql' });
}

async function answer(
  options: SqlEndpointOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.method !== 'POST' || request.url?.split('?')[0] !== '/sql') {
    send(response, 404, { message: "Neon's HTTP protocol is spoken at POST /sql" });
    return;
  }
  if (!isSameDatabase(String(request.headers['neon-connection-string'] ?? ''), options.databaseUrl)) {
    throw new SqlError('password authentication failed', '28P01');
  }
  const body: unknown = parseJson(await readBody(request));
  const arrayMode = request.headers['neon-array-mode'] === 'true';
  const { queries } = body as { queries?: unknown };
  if (Array.isArray(queries)) {
    const results = await options.backend.transaction(queries.map(toStatement), transactionOptions(request));
    send(response, 200, { results: results.map((result) => toWire(result, arrayMode)) });
    return;
  }
  send(response, 200, toWire(await options.backend.query(toStatement(body)), arrayMode));
}

function toStatement(value: unknown): SqlStatement {
  const { query, params = [] } = (value ?? {}) as { query?: unknown; params?: unknown };
  if (typeof query !== 'string' || !Array.isArray(params))
    throw new SqlError('a statement needs "query" and "params"', null);
  return { query, params: params.map(toParameter) };
}

/** The driver sends scalars as text and anything else as JSON. */
function toParameter(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function transactionOptions(request: IncomingMessage): TransactionOptions {
  const level = request.headers['neon-batch-isolation-level'];
  const isolation = level === undefined ? null : ISOLATION_LEVELS[String(level)];
  if (isolation === undefined) throw new SqlError(`unknown isolation level ${String(level)}`, null);
  return {
    isolation,
    readOnly: request.headers['neon-batch-read-only'] === 'true',
    deferrable: request.headers['neon-batch-deferrable'] === 'true',
  };
}

function toWire({ fields, rows, command, rowCount }: SqlResult, arrayMode: boolean) {
  const shaped = arrayMode
    ? rows
    : rows.map((row) => Object.fromEntries(fields.map(({ name }, i) => [name, row[i]])));
  return {
    command,
    rowCount,
    fields: fields.map((field) => ({
      ...field,
      tableID: 0,
      columnID: 0,
      dataTypeSize: -1,
      dataTypeModifier: -1,
      format: 'text',
    })),
    rows: shaped,
    rowAsArray: arrayMode,
  };
}

function isSameDatabase(given: string, wanted: string): boolean {
  if (!URL.canParse(given)) return false;
  const [a, b] = [new URL(given), new URL(wanted)];
  return a.username === b.username && a.password === b.password && a.pathname === b.pathname;
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.byteLength;
    if (size > MAX_BODY_BYTES) throw new SqlError(`the request is larger than ${MAX_BODY_BYTES} bytes`, null);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw new SqlError('the request body is not JSON', null);
  }
}

function failure(error: unknown): { status: number; body: object } {
  if (error instanceof SqlError) return { status: 400, body: error.toWire() };
  return { status: 500, body: { message: error instanceof Error ? error.message : 'internal error' } };
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
