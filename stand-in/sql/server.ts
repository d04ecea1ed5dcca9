import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listen, type LocalServer } from '../listen.ts';
import type { SqlBackend, SqlStatement, SqlResult, TransactionOptions } from './backend.ts';
import { SqlError } from './backend.ts';
import { jsonValue, parameterText } from './neon-values.ts';

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
  /**
   * What callers must present in `Neon-Connection-String`: user, password and database are
   * compared.
   */
  readonly databaseUrl: string;
}

/**
 * Neon's HTTP protocol (`POST /sql`, one statement or a batch) in front of any PostgreSQL, so that
 * the Worker runs unchanged on one machine. Values travel as PostgreSQL's own text. Errors are HTTP
 * 400 with the SQLSTATE as `code`.
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
  const bytes = await readBody(request);
  if (bytes === null) {
    send(response, 413, { message: `the request is larger than ${MAX_BODY_BYTES} bytes` });
    return;
  }
  refuseOtherCredentials(
    String(request.headers['neon-connection-string'] ?? ''),
    options.databaseUrl,
  );
  const body = parseJson(bytes);
  const form = {
    arrayMode: request.headers['neon-array-mode'] === 'true',
    rawText: request.headers['neon-raw-text-output'] === 'true',
  };
  const { queries } = body;
  if (queries === undefined) {
    send(response, 200, toWire(await options.backend.query(toStatement(body)), form));
    return;
  }
  if (!Array.isArray(queries)) throw new SqlError('"queries" must be an array', null);
  const results = await options.backend.transaction(
    queries.map(toStatement),
    transactionOptions(request),
  );
  send(response, 200, { results: results.map((result) => toWire(result, form)) });
}

function toStatement(value: unknown): SqlStatement {
  const { query, params = [] } = (value ?? {}) as { query?: unknown; params?: unknown };
  if (typeof query !== 'string' || !Array.isArray(params))
    throw new SqlError('a statement needs "query" and "params"', null);
  return { query, params: params.map(parameterText) };
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

interface WireForm {
  readonly arrayMode: boolean;
  readonly rawText: boolean;
}

function toWire({ fields, rows, command, rowCount }: SqlResult, { arrayMode, rawText }: WireForm) {
  const values: readonly (readonly unknown[])[] = rawText
    ? rows
    : rows.map((row) => row.map((text, i) => jsonValue(text, fields[i]?.dataTypeID)));
  return {
    command,
    rowCount,
    fields: fields.map(({ name, dataTypeID }) => ({
      name,
      dataTypeID,
      tableID: 0,
      columnID: 0,
      dataTypeSize: -1,
      dataTypeModifier: -1,
      format: 'text',
    })),
    rows: arrayMode
      ? values
      : values.map((row) => Object.fromEntries(fields.map(({ name }, i) => [name, row[i]]))),
    rowAsArray: arrayMode,
  };
}

/** Says what PostgreSQL would say to another user, password or database. */
function refuseOtherCredentials(given: string, wanted: string): void {
  if (!URL.canParse(given)) {
    throw new SqlError(
      'Neon-Connection-String must be postgresql://user:password@host/database',
      null,
    );
  }
  const [a, b] = [new URL(given), new URL(wanted)];
  if (a.username !== b.username || a.password !== b.password) {
    throw new SqlError('password authentication failed', '28P01', { severity: 'FATAL' });
  }
  if (a.pathname !== b.pathname)
    throw new SqlError('database does not exist', '3D000', { severity: 'FATAL' });
}

/**
 * Null when it is longer than the cap; the rest is read and dropped, so that the answer arrives.
 */
async function readBody(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.byteLength;
    if (size <= MAX_BODY_BYTES) chunks.push(chunk);
    else chunks.length = 0;
  }
  return size > MAX_BODY_BYTES ? null : Buffer.concat(chunks);
}

function parseJson(body: Buffer): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body.toString('utf8'));
  } catch {
    throw new SqlError('the request body is not JSON', null);
  }
  if (typeof parsed !== 'object' || parsed === null)
    throw new SqlError('the body must be a JSON object', null);
  return parsed as Record<string, unknown>;
}

function failure(error: unknown): { status: number; body: object } {
  if (error instanceof SqlError) return { status: 400, body: error.toWire() };
  return {
    status: 500,
    body: { message: error instanceof Error ? error.message : 'internal error' },
  };
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
