import { DatabaseError, Pool, type PoolClient, type QueryArrayConfig } from 'pg';
import {
  SqlError,
  transactionModes,
  type SqlBackend,
  type SqlResult,
  type SqlStatement,
  type TransactionOptions,
} from './backend.ts';
import { leavesTraces, resetSession, SESSION_SETTINGS } from './session.ts';

const CONNECT_DEADLINE_MS = 5_000;
const CONNECTIONS_MAX = 10;

/** A PostgreSQL server, over TCP. */
export class PostgresBackend implements SqlBackend {
  readonly #pool: Pool;
  readonly #prepared = new WeakSet<PoolClient>();

  constructor(databaseUrl: string) {
    this.#pool = new Pool({
      connectionString: databaseUrl,
      max: CONNECTIONS_MAX,
      connectionTimeoutMillis: CONNECT_DEADLINE_MS,
    });
    // An idle connection that breaks is replaced; without a listener it would end the process.
    this.#pool.on('error', () => {});
  }

  query(statement: SqlStatement): Promise<SqlResult> {
    return this.#withClient(async (client) => {
      const result = await run(client, statement);
      return { result, isDirty: leavesTraces([{ ...result, ...statement }]) };
    });
  }

  transaction(
    statements: readonly SqlStatement[],
    options: TransactionOptions,
  ): Promise<SqlResult[]> {
    return this.#withClient(async (client) => {
      await client.query(`begin ${transactionModes(options)}`);
      const results: SqlResult[] = [];
      for (const statement of statements) results.push(await run(client, statement));
      await client.query('commit');
      const executed = results.map((result, index) => ({
        ...result,
        query: statements[index]?.query ?? '',
      }));
      return { result: results, isDirty: leavesTraces(executed) };
    });
  }

  close(): Promise<void> {
    return this.#pool.end();
  }

  /** A connection whose work failed is put back to new as well, and closed when even that fails. */
  async #withClient<T>(
    work: (client: PoolClient) => Promise<{ result: T; isDirty: boolean }>,
  ): Promise<T> {
    const client = await this.#connect();
    let isDirty = true;
    try {
      const done = await work(client);
      isDirty = done.isDirty;
      return done.result;
    } catch (error) {
      throw SqlError.from(error);
    } finally {
      await release(client, isDirty);
    }
  }

  async #connect(): Promise<PoolClient> {
    try {
      const client = await this.#pool.connect();
      if (!this.#prepared.has(client)) {
        await client.query(SESSION_SETTINGS);
        this.#prepared.add(client);
      }
      return client;
    } catch (error) {
      // 28P01, 3D000…: the server answered, and its answer says what is wrong.
      if (error instanceof DatabaseError) throw SqlError.from(error);
      const reason = error instanceof Error ? error.message || error.name : String(error);
      throw new Error(`PostgreSQL does not answer: ${reason}`, { cause: error });
    }
  }
}

async function release(client: PoolClient, isDirty: boolean): Promise<void> {
  try {
    if (isDirty) await resetSession((sql) => client.query(sql));
    client.release();
  } catch (error) {
    client.release(error instanceof Error ? error : true);
  }
}

async function run(client: PoolClient, { query, params }: SqlStatement): Promise<SqlResult> {
  // Extended protocol always: the simple one would run several statements of one text.
  const config: QueryArrayConfig & { queryMode: 'extended' } = {
    text: query,
    values: [...params],
    rowMode: 'array',
    queryMode: 'extended',
    types: { getTypeParser: () => (value: unknown) => value },
  };
  const { command, rowCount, fields, rows } = await client.query<(string | null)[]>(config);
  return { command, rowCount: rowCount ?? 0, fields, rows };
}
