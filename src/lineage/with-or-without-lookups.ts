import { isUndefinedTable } from '../storage/database-errors.ts';

/**
 * Reads with what look-ups remember, or without on a database that nobody has migrated yet: its
 * artifacts are readable all the same.
 */
export async function withOrWithoutLookups<T>(
  read: (hasLookups: boolean) => Promise<T>,
): Promise<T> {
  try {
    return await read(true);
  } catch (error) {
    if (!isUndefinedTable(error)) throw error;
    return read(false);
  }
}
