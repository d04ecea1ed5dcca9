import type { Config } from '../config.ts';
import { createDatabase, type Database } from './database.ts';
import type { ObjectStore } from './object-store.ts';
import { createS3ObjectStore } from './s3-object-store.ts';

export interface Storage {
  readonly database: Database;
  readonly store: ObjectStore;
}

/** PostgreSQL and the object store. `deadlineMs`: of every request, when it is another than usual. */
export function createStorage(
  { database: { url, httpEndpoint }, store }: Pick<Config, 'database' | 'store'>,
  deadlineMs?: number,
): Storage {
  const hurry = deadlineMs === undefined ? {} : { deadlineMs };
  return {
    database: createDatabase({ databaseUrl: url, httpEndpoint, ...hurry }),
    store: createS3ObjectStore({ ...store, ...hurry }),
  };
}
