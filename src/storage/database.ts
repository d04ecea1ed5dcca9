import { neon, neonConfig } from '@neondatabase/serverless';
import { drizzle, type NeonHttpDatabase } from 'drizzle-orm/neon-http';
import { startDeadline } from '../concurrency/patient-deadline.ts';
import { DatabaseTransportError } from './database-errors.ts';
import { BodyError, readCapped } from './read-capped.ts';

/**
 * Drizzle over Neon's HTTP protocol: single statements and `batch` (one transaction); `transaction`
 * throws.
 */
export type Database = NeonHttpDatabase<Record<string, never>>;

export interface DatabaseOptions {
  /** `postgresql://user:password@host/database`. */
  readonly databaseUrl: string;
  /**
   * Where Neon's `/sql` protocol is spoken. Null or empty: Neon's own address, derived from the
   * URL's host.
   */
  readonly httpEndpoint?: string | null;
  /** Milliseconds that one request may take, body included. */
  readonly deadlineMs?: number;
}

const DATABASE_DEADLINE_MS = 5_000;
/** A page of 500 artifacts with 5,000 bars each is beyond it; nothing the Worker asks for is. */
const ANSWER_MAX_BYTES = 64 * 1024 * 1024;

/**
 * The driver's configuration is global. Each database therefore carries its own transport through
 * the request options under this key, and the one global function only passes the request on.
 */
const TRANSPORT = Symbol('transport');
type Transport = (driverUrl: string, init: RequestInit) => Promise<Response>;
type CarryingInit = RequestInit & { readonly [TRANSPORT]?: Transport };

neonConfig.disableWarningInBrowsers = true;
neonConfig.fetchFunction = (url: string, init: CarryingInit): Promise<Response> => {
  const { [TRANSPORT]: transport, ...request } = init;
  return transport === undefined ? fetch(url, request) : transport(url, request);
};

/**
 * A database client without a connection: every statement is one HTTP request with a deadline,
 * never redirected. Runs in workerd and in Node. Errors are the driver's; `guarded` turns them into
 * `AppError`s.
 */
export function createDatabase(options: DatabaseOptions): Database {
  const endpoint =
    options.httpEndpoint === undefined || options.httpEndpoint === '' ? null : options.httpEndpoint;
  const transport = createTransport(endpoint, options.deadlineMs ?? DATABASE_DEADLINE_MS);
  return drizzle(neon(options.databaseUrl, { fetchOptions: { [TRANSPORT]: transport } }));
}

function createTransport(endpoint: string | null, deadlineMs: number): Transport {
  return async (driverUrl, init) => {
    const deadline = startDeadline(deadlineMs);
    const { signal } = deadline;
    let response: Response;
    let body: ArrayBuffer;
    try {
      response = await fetch(endpoint ?? driverUrl, { ...init, redirect: 'manual', signal });
      body = (await readCapped(response, ANSWER_MAX_BYTES, signal)).buffer;
    } catch (error) {
      if (error instanceof BodyError && error.reason === 'too_long') {
        throw new DatabaseTransportError('too_long', ANSWER_MAX_BYTES);
      }
      if (!signal.aborted) throw new DatabaseTransportError('unreachable', deadlineMs);
      throw new DatabaseTransportError(deadline.wasBusy() ? 'busy' : 'deadline', deadlineMs);
    } finally {
      deadline.clear();
    }
    // 400 carries PostgreSQL's own error, which the driver reads. A redirect would take the
    // password elsewhere.
    if (response.status === 200 || response.status === 400)
      return new Response(body, { status: response.status });
    throw new DatabaseTransportError(
      response.status >= 500 || response.status === 429 ? 'unreachable' : 'status',
      response.status,
    );
  };
}
