/**
 * A failure whose message is one line for the person at the terminal: what is wrong and what to do.
 * No stack is shown.
 */
export class PlainError extends Error {
  override readonly name = 'PlainError';
}

/** The error code of Node's system errors (`EADDRINUSE`), or null. */
export function systemCode(error: unknown): string | null {
  if (typeof error !== 'object' || error === null || !('code' in error)) return null;
  return typeof error.code === 'string' ? error.code : null;
}
