import { fileURLToPath } from 'node:url';
import { PGlite, type Results, type Transaction } from '@electric-sql/pglite';
import { drizzle } from 'drizzle-orm/pglite';
import { migrate } from 'drizzle-orm/pglite/migrator';
import {
  SqlError,
  transactionModes,
  type SqlBackend,
  type SqlResult,
  type SqlStatement,
  type TransactionOptions,
} from './sql-backend.ts';

const MIGRATIONS = fileURLToPath(new URL('../../migrations', import.meta.url));

/** Values stay PostgreSQL's own text, parameters are text already: the same function for every type PGlite knows. */
function asText<Convert>(known: Record<number, unknown>, convert: Convert): Record<number, Convert> {
  return Object.fromEntries(Object.keys(known).map((oid) => [oid, convert]));
}

/** PostgreSQL inside this process. One session, so statements and transactions take turns. */
export class PgliteBackend implements SqlBackend {
  readonly pglite: PGlite;

  private constructor(pglite: PGlite) {
    this.pglite = pglite;
  }

  /** Without a directory it lives in memory and is gone afterwards. */
  static async open(directory?: string): Promise<PgliteBackend> {
    const pglite = await (directory === undefined ? PGlite.create() : PGlite.create(directory));
    await pglite.exec("set time zone 'UTC'");
    return new PgliteBackend(pglite);
  }

  /** Applies what is missing of `migrations/`. */
  async migrate(): Promise<void> {
    await migrate(drizzle(this.pglite), { migrationsFolder: MIGRATIONS });
  }

  async query(statement: SqlStatement): Promise<SqlResult> {
    try {
      return await run(this.pglite, this.pglite, statement);
    } catch (error) {
      throw SqlError.from(error);
    }
  }

  async transaction(statements: readonly SqlStatement[], options: TransactionOptions): Promise<SqlResult[]> {
    try {
      return await this.pglite.transaction(async (transaction) => {
        const modes = transactionModes(options);
        if (modes !== '') await transaction.exec(`set transaction ${modes}`);
        const results: SqlResult[] = [];
        for (const statement of statements) results.push(await run(this.pglite, transaction, statement));
        return results;
      });
    } catch (error) {
      throw SqlError.from(error);
    }
  }

  close(): Promise<void> {
    return this.pglite.close();
  }
}

async function run(
  { parsers, serializers }: PGlite,
  session: PGlite | Transaction,
  { query, params }: SqlStatement,
): Promise<SqlResult> {
  const result: Results<(string | null)[]> = await session.query(query, [...params], {
    rowMode: 'array',
    parsers: asText(parsers, (value: string) => value),
    serializers: asText(serializers, String),
  });
  const command = /^\s*(?:--[^\n]*\n|\s)*([a-z]+)/i.exec(query)?.[1]?.toUpperCase() ?? '';
  return {
    command: command === 'WITH' ? 'SELECT' : command,
    rowCount: result.fields.length > 0 ? result.rows.length : (result.affectedRows ?? 0),
    fields: result.fields,
    rows: result.rows,
  };
}
