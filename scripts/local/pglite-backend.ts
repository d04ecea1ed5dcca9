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
import { leavesTraces, resetSession, SESSION_SETTINGS } from './sql-session.ts';

const MIGRATIONS = fileURLToPath(new URL('../../migrations', import.meta.url));

/** Values stay PostgreSQL's own text, parameters are text already: the same function for every type PGlite knows. */
function asText<Convert>(known: Record<number, unknown>, convert: Convert): Record<number, Convert> {
  return Object.fromEntries(Object.keys(known).map((oid) => [oid, convert]));
}

/** PostgreSQL inside this process. One session, so statements and transactions take turns. */
export class PgliteBackend implements SqlBackend {
  readonly pglite: PGlite;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(pglite: PGlite) {
    this.pglite = pglite;
  }

  /** Without a directory it lives in memory and is gone afterwards. */
  static async open(directory?: string): Promise<PgliteBackend> {
    const pglite = await (directory === undefined ? PGlite.create() : PGlite.create(directory));
    await pglite.exec(SESSION_SETTINGS);
    return new PgliteBackend(pglite);
  }

  /** Applies what is missing of `migrations/`. */
  async migrate(): Promise<void> {
    await migrate(drizzle(this.pglite), { migrationsFolder: MIGRATIONS });
  }

  query(statement: SqlStatement): Promise<SqlResult> {
    return this.#taken(async () => {
      const result = await run(this.pglite, this.pglite, statement);
      return { result, isDirty: leavesTraces([{ ...result, ...statement }]) };
    });
  }

  transaction(statements: readonly SqlStatement[], options: TransactionOptions): Promise<SqlResult[]> {
    return this.#taken(async () => {
      const results = await this.pglite.transaction(async (transaction) => {
        const modes = transactionModes(options);
        if (modes !== '') await transaction.exec(`set transaction ${modes}`);
        const inside: SqlResult[] = [];
        for (const statement of statements) inside.push(await run(this.pglite, transaction, statement));
        return inside;
      });
      const executed = results.map((result, index) => ({ ...result, query: statements[index]?.query ?? '' }));
      return { result: results, isDirty: leavesTraces(executed) };
    });
  }

  async close(): Promise<void> {
    await this.#turn;
    await this.pglite.close();
  }

  /** One request at a time, up to the moment when the session is as new again. */
  #taken<T>(work: () => Promise<{ result: T; isDirty: boolean }>): Promise<T> {
    const outcome = this.#turn.then(async () => {
      let isDirty = true;
      try {
        const done = await work();
        isDirty = done.isDirty;
        return done.result;
      } catch (error) {
        throw SqlError.from(error);
      } finally {
        if (isDirty) await resetSession((sql) => this.pglite.exec(sql)).catch(() => {});
      }
    });
    this.#turn = outcome.catch(() => {});
    return outcome;
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
