/**
 * A column as PostgreSQL names it: `character varying(255)`, `timestamp with time zone`. A domain
 * is named by its base.
 */
export interface StoredColumn {
  readonly name: string;
  readonly type: string;
  /** Of a table: an insert that does not name it fails. */
  readonly needsValue: boolean;
}

/** A column as `artifact.table.ts` declares it. */
export interface WantedColumn {
  readonly name: string;
  /** `varchar(255)`, `serial`. */
  readonly type: string;
  readonly notNull: boolean;
}

/** What `artifacts` means on the search path of the database's user. */
export interface StoredTable {
  /** PostgreSQL's letter for its kind (`pg_class.relkind`); null: there is none of that name. */
  readonly kind: string | null;
  /**
   * Rows may be inserted, updated and deleted: always of a table, of a view when it is simple or
   * has triggers.
   */
  readonly isWritable: boolean;
  readonly columns: readonly StoredColumn[];
  /** Schemas off the search path that have an `artifacts`. */
  readonly otherSchemas: readonly string[];
}

export interface ColumnProblem {
  readonly column: string;
  /**
   * `no_default`: ids are not made by the database. `required`: a column that Chartproof does not
   * know wants a value.
   */
  readonly problem: 'missing' | 'wrong_type' | 'no_default' | 'required';
  /** What it is now; null when it is missing. */
  readonly is: string | null;
  readonly needs: string;
  readonly notNull: boolean;
}

/** Why the users' table cannot be used as it is; `detail` is for people. */
export interface TableProblem {
  readonly reason: 'not_migrated' | 'other_shape';
  readonly detail: string;
  readonly columns: readonly ColumnProblem[];
}

const KINDS: Readonly<Record<string, string>> = {
  m: 'a materialized view',
  S: 'a sequence',
  i: 'an index',
  c: 'a composite type',
};

/** Null: it can be used. Columns that nobody asked for are fine. */
export function tableProblem(
  stored: StoredTable,
  wanted: readonly WantedColumn[],
): TableProblem | null {
  const { kind, otherSchemas } = stored;
  if (kind === null) {
    const elsewhere =
      otherSchemas.length === 0
        ? ''
        : ` Schema ${otherSchemas.join(' and ')} has one, which the search_path of this user does not name.`;
    const detail = `There is no table "artifacts": run "npm run migrate" on this database.${elsewhere}`;
    return { reason: 'not_migrated', detail, columns: [] };
  }
  const columns = columnProblems(stored.columns, wanted);
  if (columns.length > 0) {
    const list = columns.map(describeProblem).join('; ');
    return {
      reason: 'other_shape',
      detail: `The table "artifacts" has another shape: ${list}.`,
      columns,
    };
  }
  if (stored.isWritable) return null;
  const what = KINDS[kind] ?? 'a view that takes no rows';
  return { reason: 'other_shape', detail: `"artifacts" is ${what}: it must be a table.`, columns };
}

function columnProblems(
  stored: readonly StoredColumn[],
  wanted: readonly WantedColumn[],
): ColumnProblem[] {
  const types = new Map(stored.map(({ name, type }) => [name, type]));
  const known = new Set(wanted.map(({ name }) => name));
  const unfillable = stored.flatMap(({ name, type, needsValue }): ColumnProblem[] => {
    if (!needsValue || (known.has(name) && name !== 'id')) return [];
    const problem = name === 'id' ? 'no_default' : 'required';
    return [{ column: name, problem, is: type, needs: type, notNull: true }];
  });
  const shapeless = wanted.flatMap(({ name, type, notNull }): ColumnProblem[] => {
    const is = types.get(name) ?? null;
    if (is === null) return [{ column: name, problem: 'missing', is, needs: type, notNull }];
    return fits(is, type)
      ? []
      : [{ column: name, problem: 'wrong_type', is, needs: type, notNull }];
  });
  return [...shapeless, ...unfillable];
}

function describeProblem({ column, problem, is, needs }: ColumnProblem): string {
  if (problem === 'no_default')
    return `column "${column}" has no default that would number new rows`;
  if (problem === 'required') return `column "${column}" wants a value that new rows do not have`;
  return is === null
    ? `column "${column}" is missing (${needs})`
    : `column "${column}" is ${is} and must be ${plainType(needs)}`;
}

/** `serial` is an integer with a default. */
function plainType(type: string): string {
  return NAMES[type] ?? type;
}

/**
 * `numeric(3, 2)` -> numeric, 3, 2; `timestamp(3) with time zone` -> timestamp with time zone, 3.
 */
function parsed(type: string): { name: string; first: number | null; second: number | null } {
  const [, before = '', first, second, after = ''] =
    /^([^(]*)(?:\((\d+)(?:, ?(-?\d+))?\))?(.*)$/.exec(type) ?? [];
  const name = before.trim() + after;
  return {
    name: NAMES[name] ?? name,
    first: first === undefined ? null : Number(first),
    second: second === undefined ? null : Number(second),
  };
}

/** Two names of one type. */
const NAMES: Readonly<Record<string, string>> = {
  'character varying': 'varchar',
  serial: 'integer',
};

/**
 * Whether everything that Chartproof does with a column of type `wanted` works on one of type `is`.
 * What is accepted was tried with every statement (test/worker/table-shape.test.ts); what is not,
 * fails or loses something.
 */
export function fits(is: string, wanted: string): boolean {
  const [has, needs] = [parsed(is), parsed(wanted)];
  switch (needs.name) {
    case 'varchar':
    case 'text':
      if (has.name === 'text') return true;
      return has.name === 'varchar' && holds(has.first, needs.first);
    case 'numeric': {
      if (has.name === 'double precision' || has.name === 'real') return true;
      const { first, second } = has;
      const [precision, scale] = [needs.first ?? 0, needs.second ?? 0];
      if (has.name !== 'numeric') return false;
      return (
        first === null || ((second ?? 0) >= scale && first - (second ?? 0) >= precision - scale)
      );
    }
    case 'integer':
      // Lengths may be counted in more digits; ids of eight bytes are no ids of the list's cursors.
      return has.name === 'integer' || (has.name === 'bigint' && wanted !== 'serial');
    default:
      return has.name === needs.name;
  }
}

/** A length of null is none. */
function holds(length: number | null, needed: number | null): boolean {
  return length === null || (needed !== null && length >= needed);
}

/**
 * SQL that gives the table its columns, one statement each. Rows that are there keep what they
 * hold.
 */
export function repairStatements({ columns }: TableProblem): string[] {
  return columns.map(({ column, problem, is, needs, notNull }) => {
    const sqlType = plainType(needs);
    if (problem === 'wrong_type') {
      // A time without a zone is read as UTC everywhere in Chartproof.
      const isLocal = is !== null && parsed(is).name === 'timestamp without time zone';
      const value = isLocal ? `${column} at time zone 'UTC'` : `${column}::${sqlType}`;
      return `alter table artifacts alter column ${column} type ${sqlType} using ${value};`;
    }
    if (problem === 'no_default') {
      return 'alter table artifacts alter column id add generated by default as identity;';
    }
    if (problem === 'required')
      return `alter table artifacts alter column ${column} drop not null;`;
    if (column === 'id') return 'alter table artifacts add column id serial primary key;';
    if (!notNull) return `alter table artifacts add column ${column} ${needs};`;
    // Rows that are there need a value, too.
    const value = needs.startsWith('timestamp') ? 'now()' : "''";
    return `alter table artifacts add column ${column} ${needs} not null default ${value};`;
  });
}
