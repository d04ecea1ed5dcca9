import { DrizzleQueryError } from 'drizzle-orm';
import { NeonDbError } from '@neondatabase/serverless';
import { AppError } from '../errors.ts';

/** Connection trouble, out of resources, operator intervention: the same request may work in a moment. */
const UNAVAILABLE_CLASSES = ['08', '53', '57', '58'];
const UNAVAILABLE_STATES = ['40001', '40P01', '55P03'];

/** The SQLSTATE of a failed statement, or null when the failure was none of SQL's. */
export function sqlStateOf(error: unknown): string | null {
  const cause = rootOf(error);
  return cause instanceof NeonDbError && typeof cause.code === 'string' && /^[0-9A-Z]{5}$/.test(cause.code)
    ? cause.code
    : null;
}

/**
 * Any failure of a database call as the wire knows it. Messages never come from the driver: Drizzle's carry all
 * parameters and PostgreSQL's carry values.
 */
export function toDatabaseError(operation: string, error: unknown): AppError {
  if (error instanceof AppError) return error;
  const state = sqlStateOf(error);
  const options = { cause: new SqlFailure(operation, state) };
  if (state === null) {
    const status = httpStatusOf(error);
    return status !== null && status < 500 && status !== 429
      ? new AppError(
          'database_answered_wrongly',
          `The database refused the request (HTTP ${status}).`,
          options,
        )
      : new AppError(
          'database_unavailable',
          'The database cannot be reached or did not answer in time.',
          options,
        );
  }
  if (UNAVAILABLE_CLASSES.includes(state.slice(0, 2)) || UNAVAILABLE_STATES.includes(state)) {
    return new AppError(
      'database_unavailable',
      `The database cannot answer now (SQLSTATE ${state}).`,
      options,
    );
  }
  if (state.startsWith('22') || state.startsWith('23')) {
    return new AppError(
      'invalid_input',
      `The database cannot store a value of the input (SQLSTATE ${state}).`,
      options,
    );
  }
  return new AppError(
    'database_answered_wrongly',
    `The database refused a statement (SQLSTATE ${state}).`,
    options,
  );
}

/** Runs one database operation; whatever fails is an `AppError`. */
export async function guarded<T>(operation: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw toDatabaseError(operation, error);
  }
}

/** What may be known of a failure: which operation, which SQLSTATE. */
class SqlFailure extends Error {
  constructor(operation: string, state: string | null) {
    super(`${operation} ${state ?? 'without SQLSTATE'}`);
    this.name = `SqlFailure(${operation}, ${state ?? '-'})`;
  }
}

function rootOf(error: unknown): unknown {
  return error instanceof DrizzleQueryError ? error.cause : error;
}

/** The driver says an HTTP status only in its message. */
function httpStatusOf(error: unknown): number | null {
  const cause = rootOf(error);
  const match = cause instanceof NeonDbError ? /HTTP status (\d{3})/.exec(cause.message) : null;
  return match === null ? null : Number(match[1]);
}
