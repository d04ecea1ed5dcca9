import { AppError } from '../errors.ts';

/**
 * Why a request to the database's endpoint gave nothing to read; `figure` is milliseconds, bytes or
 * the HTTP status.
 */
export class DatabaseTransportError extends Error {
  override readonly name = 'DatabaseTransportError';
  readonly reason: 'deadline' | 'busy' | 'unreachable' | 'status' | 'too_long';
  readonly figure: number;

  constructor(reason: DatabaseTransportError['reason'], figure: number) {
    super(`database transport: ${reason}`);
    this.reason = reason;
    this.figure = figure;
  }
}

/**
 * What is left of a database error once everything that may hold user data is gone. Drizzle's
 * message carries all parameters and PostgreSQL's `detail` carries values, so neither the error nor
 * its cause is ever kept.
 */
class SqlError extends Error {
  override readonly name = 'SqlError';
  readonly code: string;

  constructor(sqlState: string) {
    super(`SQLSTATE ${sqlState}`);
    this.code = sqlState;
  }
}

const SQLSTATE = /^[0-9A-Z]{5}$/;
/** An error wraps another a few times at most; a cycle would otherwise never end. */
const CHAIN_MAX_LENGTH = 8;

const UNDEFINED_TABLE = '42P01';

/** A table that a statement names does not exist: the database was not migrated yet. */
export function isUndefinedTable(error: unknown): boolean {
  return sqlStateOf(error) === UNDEFINED_TABLE;
}

/** The SQLSTATE of a database error or of whatever wraps it (`23505`), or null. */
export function sqlStateOf(error: unknown): string | null {
  for (const link of chainOf(error)) {
    const { code } = link;
    if (typeof code === 'string' && SQLSTATE.test(code)) return code;
  }
  return null;
}

/**
 * Runs a database operation; whatever it throws becomes an `AppError`. `operation` is `noun.verb`.
 */
export async function guarded<T>(operation: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw toDatabaseError(error, operation);
  }
}

/**
 * What a failed database request means to the caller. Network, deadline, HTTP 5xx and SQLSTATE
 * classes that pass by themselves are `database_unavailable` (`busy` when it was this isolate that
 * had no time); 22xxx (data) and 23xxx (constraints) are `invalid_input`; anything else
 * `database_answered_wrongly`. The messages never hold query text, parameters or PostgreSQL's own
 * words about values.
 */
function toDatabaseError(error: unknown, operation?: string): AppError {
  if (error instanceof AppError) return error;
  const during = operation === undefined ? '' : ` (${operation})`;
  const transport = [...chainOf(error)].find((link) => link instanceof DatabaseTransportError);
  if (transport instanceof DatabaseTransportError) return transportError(transport, during);

  const sqlState = sqlStateOf(error);
  if (sqlState === null) {
    // Not from PostgreSQL: an answer that is no JSON, or a mistake in our own code. Only the class
    // name is safe to keep.
    const name = error instanceof Error ? error.name : typeof error;
    return new AppError(
      'database_answered_wrongly',
      `The database gave an answer that cannot be used${during}.`,
      {
        cause: new Error(name),
      },
    );
  }
  const options = { cause: new SqlError(sqlState) };
  if (isPassing(sqlState)) {
    const why =
      sqlState === '53100' ? 'has no room left on its disk' : 'cannot answer at the moment';
    return new AppError('database_unavailable', `The database ${why}${during}.`, options);
  }
  if (/^2[23]/.test(sqlState) && sqlState !== '23502')
    return new AppError('invalid_input', invalidValue(sqlState), options);
  return new AppError('database_answered_wrongly', `${refusal(sqlState)}${during}.`, options);
}

function transportError({ reason, figure }: DatabaseTransportError, during: string): AppError {
  switch (reason) {
    case 'deadline':
      return new AppError(
        'database_unavailable',
        `The database did not answer within ${figure} ms${during}.`,
      );
    case 'busy':
      return new AppError('busy', `There was no time to read the database's answer${during}.`);
    case 'unreachable':
      return new AppError('database_unavailable', `The database cannot be reached${during}.`);
    case 'too_long':
      return new AppError(
        'database_answered_wrongly',
        `The database's answer is longer than ${figure} bytes${during}.`,
      );
    case 'status':
      return new AppError(
        'database_answered_wrongly',
        `DATABASE_HTTP_ENDPOINT answered with HTTP status ${figure}, which is not Neon's protocol${during}.`,
      );
  }
}

/**
 * Connection lost, out of resources, shutting down, cancelled, or a clash that a second try would
 * win.
 */
function isPassing(sqlState: string): boolean {
  return (
    /^(?:08|53|57|58)/.test(sqlState) || ['40001', '40P01', '55P03', '25006'].includes(sqlState)
  );
}

function invalidValue(sqlState: string): string {
  switch (sqlState) {
    case '22001':
      return 'A text is longer than its column allows.';
    case '22003':
      return 'A number is out of range for its column.';
    case '22007':
    case '22008':
      return 'A date or time is not valid.';
    case '22009':
      return 'A time is too far from UTC: its offset must be below 16 hours.';
    case '22P02':
      return 'A text is no value of its column.';
    case '22021':
    case '22P05':
      return 'A text holds a character that PostgreSQL cannot store.';
    default:
      return `A value does not fit its column (SQLSTATE ${sqlState}).`;
  }
}

function refusal(sqlState: string): string {
  if (sqlState === UNDEFINED_TABLE) {
    return `A table is missing (SQLSTATE ${sqlState}): run "npm run migrate" on this database`;
  }
  if (sqlState === '42703') {
    return `A column is missing (SQLSTATE ${sqlState}): migrations/0000_artifacts_and_ledger.sql lists those that the artifacts table must have`;
  }
  if (sqlState === '23502') {
    return `A column wants a value that new rows do not have (SQLSTATE ${sqlState}): "npm run migrate" names it`;
  }
  if (sqlState.startsWith('28')) return 'The database refuses the user or password in DATABASE_URL';
  if (sqlState === '3D000') return 'DATABASE_URL names a database that does not exist';
  return `The database refused the statement (SQLSTATE ${sqlState})`;
}

/** The error, then what it wraps: `cause` everywhere, `sourceError` in the Neon driver. */
function* chainOf(
  error: unknown,
): Generator<{ code?: unknown; cause?: unknown; sourceError?: unknown }> {
  let link = error;
  for (
    let depth = 0;
    depth < CHAIN_MAX_LENGTH && typeof link === 'object' && link !== null;
    depth += 1
  ) {
    const current: { code?: unknown; cause?: unknown; sourceError?: unknown } = link;
    yield current;
    link = current.sourceError ?? current.cause;
  }
}
