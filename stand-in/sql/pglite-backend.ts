import { closeSync } from 'node:fs';
import { readdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PGlite, type Results, type Transaction } from '@electric-sql/pglite';
import { drizzle } from 'drizzle-orm/pglite';
import { migrate } from 'drizzle-orm/pglite/migrator';
import { diskFault } from '../disk-room.ts';
import { systemCode } from '../plain-error.ts';
import {
  SqlError,
  transactionModes,
  type SqlBackend,
  type SqlResult,
  type SqlStatement,
  type TransactionOptions,
} from './backend.ts';
import { closeFiles, PgliteCrash, reportCrashes } from './pglite-crash.ts';
import { leavesTraces, resetSession, SESSION_SETTINGS } from './session.ts';

/**
 * PostgreSQL refuses deep nesting by itself (54001) when its own stack is this deep. JavaScript's,
 * which WebAssembly uses as well, may be exhausted at that point nevertheless, as long as the code
 * is cold; that is a crash.
 */
const STACK_SETTING = `set max_stack_depth = '100kB'`;
const MIGRATIONS = fileURLToPath(new URL('../../migrations', import.meta.url));

/**
 * Values stay PostgreSQL's own text, parameters are text already: the same function for every type
 * PGlite knows.
 */
function asText<Convert>(
  known: Record<number, unknown>,
  convert: Convert,
): Record<number, Convert> {
  return Object.fromEntries(Object.keys(known).map((oid) => [oid, convert]));
}

/**
 * PostgreSQL inside this process. One session, so statements and transactions take turns. A panic
 * of PostgreSQL (the disk is full while it writes its log) or a crash of its WebAssembly (a stack
 * overflow) ends the server where it has processes; here the statement is refused, the memory is
 * thrown away and the directory is opened again before the next request, which recovers whatever
 * was committed.
 */
export class PgliteBackend implements SqlBackend {
  #pglite: PGlite;
  readonly #directory: string | null;
  #isBroken = false;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(pglite: PGlite, directory: string | null) {
    this.#pglite = pglite;
    this.#directory = directory;
  }

  /** Without a directory it lives in memory and is gone afterwards. */
  static async open(directory?: string): Promise<PgliteBackend> {
    if (directory !== undefined) await makeCluster(directory);
    return new PgliteBackend(await openSession({ directory }), directory ?? null);
  }

  /** In memory, from what `dumpDataDir` of another PGlite gave: to make one anew takes seconds. */
  static async load(dump: Blob): Promise<PgliteBackend> {
    return new PgliteBackend(await openSession({ dump }), null);
  }

  get pglite(): PGlite {
    return this.#pglite;
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

  transaction(
    statements: readonly SqlStatement[],
    options: TransactionOptions,
  ): Promise<SqlResult[]> {
    return this.#taken(async () => {
      const results = await this.pglite.transaction(async (transaction) => {
        const modes = transactionModes(options);
        if (modes !== '') await transaction.exec(`set transaction ${modes}`);
        const inside: SqlResult[] = [];
        for (const statement of statements)
          inside.push(await run(this.pglite, transaction, statement));
        return inside;
      });
      const executed = results.map((result, index) => ({
        ...result,
        query: statements[index]?.query ?? '',
      }));
      return { result: results, isDirty: leavesTraces(executed) };
    });
  }

  async close(): Promise<void> {
    await this.#turn;
    // Closing writes what is in memory, which a panic has left half done.
    if (!this.#isBroken) await this.pglite.close();
  }

  /** One request at a time, up to the moment when the session is as new again. */
  #taken<T>(work: () => Promise<{ result: T; isDirty: boolean }>): Promise<T> {
    const outcome = this.#turn.then(async () => {
      if (this.#isBroken) await this.#openAgain();
      let isDirty = true;
      try {
        const done = await work();
        isDirty = done.isDirty;
        return done.result;
      } catch (error) {
        this.#noticePanic(error);
        throw asSqlError(error);
      } finally {
        if (isDirty && !this.#isBroken) {
          const reset = resetSession((sql) => this.pglite.exec(sql)).then(() =>
            this.pglite.exec(STACK_SETTING),
          );
          await reset.catch((error: unknown) => this.#noticePanic(error));
        }
      }
    });
    this.#turn = outcome.catch(() => {});
    return outcome;
  }

  #noticePanic(error: unknown): void {
    if (this.#directory !== null && isPanic(error)) this.#isBroken = true;
  }

  async #openAgain(): Promise<void> {
    const directory = this.#directory ?? '';
    const fault = await diskFault(dirname(directory), { needsRoom: true });
    if (fault !== null) throw new SqlError(fault, '53100', { severity: 'FATAL' });
    try {
      closeFiles(this.#pglite, closeSync);
      this.#pglite = await openSession({ directory });
      this.#isBroken = false;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new SqlError(`the database cannot be opened again: ${reason}`, '57P03', {
        severity: 'FATAL',
      });
    }
  }
}

/** Made beside and renamed: killed in between, there is none or a whole one. */
async function makeCluster(directory: string): Promise<void> {
  if (!(await isMissing(directory))) return;
  const beside = `${directory}.new`;
  await rm(beside, { recursive: true, force: true });
  try {
    const pglite = await PGlite.create(beside);
    await pglite.close();
    await rename(beside, directory);
  } catch (error) {
    await rm(beside, { recursive: true, force: true }).catch(() => {});
    throw error;
  }
}

async function isMissing(directory: string): Promise<boolean> {
  try {
    return (await readdir(directory)).length === 0;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return true;
    throw error;
  }
}

async function openSession({
  directory,
  dump,
}: {
  directory?: string | undefined;
  dump?: Blob;
}): Promise<PGlite> {
  const pglite = await PGlite.create({
    ...(directory === undefined ? {} : { dataDir: directory }),
    ...(dump === undefined ? {} : { loadDataDir: dump }),
  });
  await pglite.exec(SESSION_SETTINGS);
  await pglite.exec(STACK_SETTING);
  reportCrashes(pglite);
  return pglite;
}

/**
 * What the caller is told of a crash: 54001 is what PostgreSQL says of nesting that it cannot
 * follow.
 */
function asSqlError(error: unknown): Error {
  if (!(error instanceof PgliteCrash)) return SqlError.from(error);
  return error.isStackOverflow
    ? new SqlError('stack depth limit exceeded', '54001', {
        hint: 'The embedded database was opened again.',
      })
    : new SqlError(`the embedded database crashed: ${error.message}`, 'XX000', {
        severity: 'FATAL',
      });
}

/**
 * PostgreSQL gave up, or its WebAssembly did: an ordinary error has another severity, and always an
 * SQLSTATE.
 */
function isPanic(error: unknown): boolean {
  if (error instanceof WebAssembly.RuntimeError || error instanceof PgliteCrash) return true;
  const severity = error instanceof Error && 'severity' in error ? error.severity : null;
  return severity === 'PANIC' || severity === 'FATAL';
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
