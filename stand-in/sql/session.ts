/**
 * Every session prints values the same way, whatever the server's own settings are; Neon's are
 * these.
 */
export const SESSION_SETTINGS = `set time zone 'UTC'; set datestyle to 'ISO, MDY'; set intervalstyle to 'postgres';
  set bytea_output to 'hex'; set extra_float_digits to 1`;

/** Nothing of these outlives its statement. */
const LEAVES_NO_TRACE = new Set(['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'MERGE', 'VALUES']);
const CALL_THAT_LEAVES_TRACES = /set_config|advisory_lock/i;

/**
 * Whether a session has to be put back to new after these, because the next request must not see
 * what they did.
 */
export function leavesTraces(
  executed: readonly { readonly command: string; readonly query: string }[],
): boolean {
  return executed.some(
    ({ command, query }) => !LEAVES_NO_TRACE.has(command) || CALL_THAT_LEAVES_TRACES.test(query),
  );
}

/** Back to a fresh session: no open transaction, no settings, locks or temporary tables. */
export async function resetSession(run: (sql: string) => Promise<unknown>): Promise<void> {
  await run('rollback');
  await run('discard all');
  await run(SESSION_SETTINGS);
}
