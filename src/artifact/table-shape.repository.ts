import { getTableColumns, getTableName, sql, type SQL } from 'drizzle-orm';
import { guarded } from '../storage/database-errors.ts';
import { artifactTable } from './artifact.table.ts';
import {
  tableProblem,
  type StoredTable,
  type TableProblem,
  type WantedColumn,
} from './table-shape.ts';

/** The one list of columns is the table's own declaration. */
export const WANTED_COLUMNS: readonly WantedColumn[] = Object.values(
  getTableColumns(artifactTable),
).map((column) => ({ name: column.name, type: column.getSQLType(), notNull: column.notNull }));

/** Drizzle over Neon's HTTP protocol, or over `pg`. */
export interface Executor {
  execute(statement: SQL): PromiseLike<{ readonly rows: unknown[] }>;
}

const NAME = getTableName(artifactTable);

/**
 * `to_regclass` looks where every other statement looks: on the search path. `artifacts` may be a
 * view, of which a write needs more than its columns. 4 + 8 + 16: update, insert, delete.
 */
const shapeSql = sql`select c.relkind::text as "kind",
    coalesce(pg_relation_is_updatable(c.oid, true) & 28 = 28, false) as "isWritable",
    coalesce((
      select jsonb_agg(jsonb_build_object('name', a.attname, 'type', case t.typtype
        when 'd' then format_type(t.typbasetype, t.typtypmod) else format_type(a.atttypid, a.atttypmod) end,
        'needsValue', c.relkind in ('r', 'p') and a.attnotnull and not a.atthasdef and a.attidentity = ''))
      from pg_catalog.pg_attribute a join pg_catalog.pg_type t on t.oid = a.atttypid
      where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped), '[]') as "columns",
    coalesce((
      select jsonb_agg(o.relnamespace::regnamespace::text) from pg_catalog.pg_class o
      where c.oid is null and o.relname = ${NAME} and o.relkind in ('r', 'p', 'v', 'm', 'f')), '[]') as "otherSchemas"
  from (select to_regclass(${NAME})::oid as oid) found left join pg_catalog.pg_class c on c.oid = found.oid`;

/**
 * Why the users' table cannot be used as it is, or null. One statement on the catalogue alone,
 * however large the table.
 */
export function findTableProblem(database: Executor): Promise<TableProblem | null> {
  return guarded('table_shape.find', async () => {
    const [row] = (await database.execute(shapeSql)).rows as StoredTable[];
    if (row === undefined) throw new TypeError('an aggregate returns its row');
    return tableProblem(row, WANTED_COLUMNS);
  });
}
