import { neon, neonConfig, type HTTPQueryOptions } from '@neondatabase/serverless';
import { drizzle, type NeonHttpDatabase } from 'drizzle-orm/neon-http';

/** Single statements and batches over HTTP; `transaction` throws there, a `batch` is one transaction. */
export type Database = NeonHttpDatabase<Record<string, never>>;

export interface DatabaseConfig {
  /** `postgresql://user:password@host/database` */
  readonly url: string;
  /** Where Neon's HTTP protocol is spoken; null: Neon's own address, derived from the host. */
  readonly httpEndpoint: string | null;
  readonly deadlineMs?: number;
}

export const DATABASE_DEADLINE_MS = 5_000;

/**
 * PostgreSQL over Neon's HTTP protocol. Every request has a deadline and follows no redirect, because it carries the
 * password. Fails as `guarded` (`database-errors.ts`) says.
 */
export function createDatabase(config: DatabaseConfig): Database {
  const deadlineMs = config.deadlineMs ?? DATABASE_DEADLINE_MS;
  const options: HTTPQueryOptions<false, false> = { disableWarningInBrowsers: true };
  const { httpEndpoint } = config;
  // The driver takes both for the whole isolate only; a Worker has one database.
  if (httpEndpoint !== null) neonConfig.fetchEndpoint = () => httpEndpoint;
  neonConfig.fetchFunction = (...[input, init]: Parameters<typeof fetch>) =>
    fetch(input, { ...init, redirect: 'manual', signal: AbortSignal.timeout(deadlineMs) });
  return drizzle(neon(config.url, options));
}
