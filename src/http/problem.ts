import type { Context } from 'hono';
import { AppError, ERROR_STATUS, type ErrorCode } from '../errors.ts';

/** RFC 9457 problem document; `errors` only when fields of the input were wrong. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: ErrorCode;
  request_id: string;
  errors?: { field: string; message: string }[];
}

const TITLES: Record<ErrorCode, string> = {
  invalid_request: 'The request is malformed',
  not_a_chart: 'Not a chart',
  unauthenticated: 'Credentials are needed',
  forbidden: 'Not permitted',
  not_found: 'Not found',
  method_not_allowed: 'Method not allowed',
  nothing_to_draw: 'Nothing to draw from',
  idempotency_conflict: 'The same request is still running',
  precondition_failed: 'It has changed meanwhile',
  payload_too_large: 'Too large',
  unsupported_media_type: 'Unsupported media type',
  range_not_satisfiable: 'Range not satisfiable',
  invalid_input: 'The input is not valid',
  unusable_bars: 'The bars cannot be drawn',
  idempotency_mismatch: 'Idempotency key used for another request',
  too_many_requests: 'Too many requests',
  internal_error: 'Internal error',
  render_failed: 'The chart could not be drawn',
  configuration_error: 'The service is not configured',
  store_answered_wrongly: 'The object store answered wrongly',
  database_answered_wrongly: 'The database answered wrongly',
  store_unavailable: 'The object store is unavailable',
  database_unavailable: 'The database is unavailable',
  auth_unavailable: 'Tokens cannot be checked right now',
  busy: 'Too much to do right now',
  render_timeout: 'Drawing took too long',
};

/**
 * Turns any failure into the one response shape that the wire knows; what is not an `AppError`
 * shows nothing of itself.
 */
function problemResponse(error: unknown, requestId: string): Response {
  const known =
    error instanceof AppError
      ? error
      : new AppError('internal_error', 'Something went wrong on our side; the log has it.');
  const problem: Problem = {
    type: `urn:chartproof:problem:${known.code}`,
    title: TITLES[known.code],
    status: ERROR_STATUS[known.code],
    detail: known.message,
    code: known.code,
    request_id: requestId,
  };
  if (known.fields.length > 0)
    problem.errors = known.fields.map(({ field, message }) => ({ field, message }));
  const headers = new Headers({
    ...known.headers,
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
  });
  if (known.retryAfterSeconds !== undefined)
    headers.set('retry-after', String(known.retryAfterSeconds));
  if (known.code === 'unauthenticated') headers.set('www-authenticate', challenge(known));
  return new Response(JSON.stringify(problem), { status: problem.status, headers });
}

/** RFC 6750 section 3: `error` only when a credential came and was refused. */
function challenge(error: AppError): string {
  return error.cause === undefined
    ? 'Bearer realm="chartproof"'
    : 'Bearer realm="chartproof", error="invalid_token"';
}

/** Hono's `onError`: logs what people cannot see, answers what they can. */
export function handleError(error: Error, c: Context): Response {
  const requestId: string = c.get('requestId') ?? 'unknown';
  const code: ErrorCode = error instanceof AppError ? error.code : 'internal_error';
  const status = ERROR_STATUS[code];
  c.set('problem', code);
  if (code === 'busy') c.get('log')?.warn('request.refused', { code });
  else if (status >= 500) {
    c.get('log')?.error('request.failed', {
      code,
      message: error instanceof AppError ? error.message : error.name,
      cause: causeName(error),
      stack:
        error instanceof AppError ? undefined : error.stack?.split('\n').slice(1, 6).join(' | '),
    });
  }
  return problemResponse(error, requestId);
}

/** The cause by name alone: messages of database errors carry parameters. */
function causeName(error: Error): string | undefined {
  return error.cause instanceof Error ? error.cause.name : undefined;
}
