import { AppError } from '../../src/errors.ts';
import { PlainError, systemCode } from '../../stand-in/plain-error.ts';

/** One line for the terminal; a stack only with `DEBUG` set, because the line says what to do. */
export function describeError(error: unknown): string {
  if (process.env['DEBUG'] && error instanceof Error) return error.stack ?? error.message;
  if (error instanceof PlainError || error instanceof AppError) return error.message;
  if (error instanceof AggregateError && error.errors.length > 0)
    return describeError(error.errors[0]);
  if (isOneOf(error, ['EACCES', 'EPERM', 'EROFS'])) {
    return `No right to write ${pathOf(error)}: choose another directory with LOCAL_STATE_DIR, or change its owner.`;
  }
  if (isOneOf(error, ['ENOSPC', 'EDQUOT']))
    return 'The disk is full: free some space and start again.';
  if (
    error instanceof Error &&
    /The service (?:is no longer running|was stopped)/.test(error.message)
  ) {
    return 'esbuild, which builds the Worker, was ended from outside: start again.';
  }
  return error instanceof Error ? (error.message.split('\n')[0] ?? error.name) : String(error);
}

function isOneOf(error: unknown, codes: readonly string[]): boolean {
  return codes.includes(systemCode(error) ?? '');
}

function pathOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'path' in error
    ? String(error.path)
    : 'a file';
}
