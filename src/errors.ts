/**
 * The closed list of error codes and their HTTP status (RFC 9457 problems are built from it in
 * `http/problem.ts`). 400/409/412/422: the caller's mistake or state. 429: the caller asks for too
 * much. 502: a dependency answered wrongly. 503: it is down, or (`busy`) we have too much to do
 * ourselves. 504: our own deadline passed.
 */
export const ERROR_STATUS = {
  invalid_request: 400,
  not_a_chart: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  nothing_to_draw: 409,
  idempotency_conflict: 409,
  precondition_failed: 412,
  payload_too_large: 413,
  unsupported_media_type: 415,
  range_not_satisfiable: 416,
  invalid_input: 422,
  unusable_bars: 422,
  idempotency_mismatch: 422,
  too_many_requests: 429,
  internal_error: 500,
  render_failed: 500,
  configuration_error: 500,
  store_answered_wrongly: 502,
  database_answered_wrongly: 502,
  store_unavailable: 503,
  database_unavailable: 503,
  auth_unavailable: 503,
  busy: 503,
  render_timeout: 504,
} as const;

export type ErrorCode = keyof typeof ERROR_STATUS;

/**
 * One bad field of the input: `field` is a JSON path like
 * `metadata.market_data_snapshot.bars[3].high`.
 */
export interface FieldError {
  readonly field: string;
  readonly message: string;
}

export interface AppErrorOptions {
  readonly cause?: unknown;
  readonly fields?: readonly FieldError[];
  /** Seconds, sent as `Retry-After`; every 503 and 504 has one. */
  readonly retryAfterSeconds?: number;
  /** Further headers that the status asks for, like `Content-Range` of a 416. */
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * A failure with a code that the wire knows. `message` is written for the person who reads the
 * response.
 */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly fields: readonly FieldError[];
  readonly retryAfterSeconds: number | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.fields = options.fields ?? [];
    this.headers = options.headers ?? {};
    this.retryAfterSeconds =
      options.retryAfterSeconds ?? ([503, 504].includes(ERROR_STATUS[code]) ? 5 : undefined);
  }

  get status(): number {
    return ERROR_STATUS[this.code];
  }
}

/**
 * What the log may know of a failure: messages of foreign errors can carry parameters, so only
 * their name.
 */
export function failure(error: unknown): { code: string; message: string } {
  if (error instanceof AppError) return { code: error.code, message: error.message };
  return { code: 'internal_error', message: error instanceof Error ? error.name : typeof error };
}

/** One 422 that names every bad field. */
export function invalidInput(fields: readonly FieldError[]): AppError {
  const first = fields[0];
  const more = fields.length > 1 ? ` (and ${fields.length - 1} more)` : '';
  const detail =
    first === undefined ? 'The input is not valid.' : `${first.field}: ${first.message}${more}`;
  return new AppError('invalid_input', detail, { fields });
}
