/** One statement; parameters are PostgreSQL text. */
export interface SqlStatement {
  readonly query: string;
  readonly params: readonly (string | null)[];
}

/** Rows in column order, values as PostgreSQL prints them. */
export interface SqlResult {
  readonly command: string;
  readonly rowCount: number;
  readonly fields: readonly { readonly name: string; readonly dataTypeID: number }[];
  readonly rows: readonly (readonly (string | null)[])[];
}

export interface TransactionOptions {
  readonly isolation: string | null;
  readonly readOnly: boolean;
  readonly deferrable: boolean;
}

/**
 * A PostgreSQL behind the SQL endpoint: the embedded one or a real one. Failures are `SqlError`.
 */
export interface SqlBackend {
  query(statement: SqlStatement): Promise<SqlResult>;
  /** All or nothing. */
  transaction(
    statements: readonly SqlStatement[],
    options: TransactionOptions,
  ): Promise<SqlResult[]>;
  close(): Promise<void>;
}

/** The fields of a PostgreSQL error that Neon's endpoint passes on, under the driver's names. */
const DETAILS = [
  'severity',
  'detail',
  'hint',
  'position',
  'internalPosition',
  'internalQuery',
  'where',
  'schema',
  'table',
  'column',
  'dataType',
  'constraint',
  'file',
  'line',
  'routine',
] as const;

export class SqlError extends Error {
  override readonly name = 'SqlError';
  readonly code: string | null;
  readonly #details: Record<string, unknown>;

  /** `code`: SQLSTATE; null: the request itself was wrong. */
  constructor(message: string, code: string | null, details: Record<string, unknown> = {}) {
    super(message);
    this.code = code;
    this.#details = details;
  }

  /** What PGlite and node-postgres throw carries the server's fields under the same names. */
  static from(error: unknown): Error {
    if (error instanceof SqlError || !(error instanceof Error))
      return error instanceof Error ? error : new Error(String(error));
    const fields = error as Error & Record<string, unknown>;
    if (typeof fields['code'] !== 'string' || !/^[0-9A-Z]{5}$/.test(fields['code'])) return error;
    return new SqlError(error.message, fields['code'], fields);
  }

  toWire(): object {
    const details = Object.fromEntries(
      DETAILS.map((name) => [name, this.#details[name] ?? undefined]),
    );
    return { message: this.message, code: this.code, severity: 'ERROR', ...details };
  }
}

/** What follows `set transaction` or `begin`; empty when all is as usual. */
export function transactionModes({ isolation, readOnly, deferrable }: TransactionOptions): string {
  const modes = [
    isolation === null ? '' : `isolation level ${isolation}`,
    readOnly ? 'read only' : '',
    deferrable ? 'deferrable' : '',
  ];
  return modes.filter((mode) => mode !== '').join(', ');
}
