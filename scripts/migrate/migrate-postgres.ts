import { fileURLToPath } from 'node:url';
import { drizzle } from 'drizzle-orm/node-postgres';
import { migrate } from 'drizzle-orm/node-postgres/migrator';
import { DatabaseError, Client } from 'pg';
import { findTableProblem } from '../../src/artifact/table-shape.repository.ts';
import { repairStatements, type TableProblem } from '../../src/artifact/table-shape.ts';
import { PlainError } from '../../stand-in/plain-error.ts';

const MIGRATIONS = fileURLToPath(new URL('../../migrations', import.meta.url));
const CONNECT_DEADLINE_MS = 10_000;
/** Any fixed number: two migrations at once take turns by it. */
const MIGRATION_LOCK = 7_242_024;

/**
 * Applies what is missing of `migrations/` to a PostgreSQL over TCP. Each run is one transaction,
 * two runs at once take turns. Returns how many were applied. Throws `PlainError` with what to do,
 * also when the table `artifacts`, which is used as it is, lacks columns or has them of other
 * types.
 */
export async function migratePostgres(databaseUrl: string): Promise<number> {
  const client = new Client({
    connectionString: databaseUrl,
    connectionTimeoutMillis: CONNECT_DEADLINE_MS,
  });
  // A server that goes away between two statements would otherwise end the process without a line.
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    const before = await appliedCount(client);
    const database = drizzle(client);
    await migrate(database, { migrationsFolder: MIGRATIONS });
    const applied = (await appliedCount(client)) - before;
    const problem = await findTableProblem(database);
    if (problem !== null) throw new PlainError(shapeAdvice(applied, problem));
    return applied;
  } catch (error) {
    throw error instanceof PlainError ? error : new PlainError(explain(error, databaseUrl));
  } finally {
    await client.end().catch(() => {});
  }
}

async function appliedCount(client: Client): Promise<number> {
  const exists = await client.query(
    "select to_regclass('drizzle.__drizzle_migrations') is not null as there",
  );
  if (exists.rows[0]?.there !== true) return 0;
  const counted = await client.query('select count(*)::int as n from drizzle.__drizzle_migrations');
  return Number(counted.rows[0]?.n ?? 0);
}

/** The table is its owner's, so nobody but the owner changes it. */
function shapeAdvice(applied: number, problem: TableProblem): string {
  const done =
    applied === 0 ? '' : `Applied ${applied} migration(s), but Chartproof cannot work yet. `;
  if (problem.reason === 'not_migrated') {
    return `${done}The migration that makes the table "artifacts" is recorded as applied, but the table is gone: restore it, or drop the schema "drizzle" and run this again.`;
  }
  const statements = repairStatements(problem);
  if (statements.length === 0) return done + problem.detail;
  const advice = 'Migrations never change this table. These statements would; read them first:';
  return [`${done}${problem.detail} ${advice}`, ...statements].join('\n  ');
}

function explain(error: unknown, databaseUrl: string): string {
  const root = rootOf(error);
  const { hostname, port, username, pathname } = new URL(databaseUrl);
  const where = `${hostname}:${port || 5432}`;
  if (root instanceof DatabaseError) {
    switch (root.code) {
      case '28P01':
      case '28000':
        return `PostgreSQL at ${where} refuses user "${username}": check user and password in DATABASE_URL.`;
      case '3D000':
        return `PostgreSQL at ${where} has no database "${pathname.slice(1)}": create it, or change DATABASE_URL.`;
      case '42501':
        return `User "${username}" may not create tables (${root.message}): grant it, or migrate as another user.`;
      default:
        return `PostgreSQL refused a migration (SQLSTATE ${root.code}): ${root.message}`;
    }
  }
  const reason = root instanceof Error ? root.message || root.name : String(root);
  return `PostgreSQL at ${where} does not answer (${reason}): start it, or change DATABASE_URL.`;
}

/** Drizzle wraps errors, and Node gives one error per address tried. */
function rootOf(error: unknown): unknown {
  if (error instanceof AggregateError) return rootOf(error.errors[0]);
  return error instanceof Error && error.cause !== undefined ? rootOf(error.cause) : error;
}
