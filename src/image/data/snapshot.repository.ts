import { eq, sql } from 'drizzle-orm';
import { artifactTable } from '../../artifact/artifact.table.ts';
import { guarded, sqlStateOf } from '../../storage/database-errors.ts';
import type { Database } from '../../storage/database.ts';

/**
 * A row's snapshot as stored, and what stands in for it where it names neither symbol nor
 * timeframe.
 */
export interface SnapshotRow {
  readonly version: string;
  /** `metadata.market_data_snapshot`, unparsed. */
  readonly snapshot: unknown;
  readonly rowSymbol: string | null;
  readonly rowTimeframe: string | null;
}

export interface SnapshotRepository {
  /**
   * Another one after every write to the row, whatever it changed. Reads no bars. Null: there is no
   * such row.
   */
  version(id: number): Promise<string | null>;
  /** The snapshot with the version it has. */
  read(id: number): Promise<SnapshotRow | null>;
}

const {
  artifact_metadata: metadata,
  chart_data: chartData,
  created_at: created,
  updated_at,
} = artifactTable;

/**
 * `xmin` is the transaction that wrote this version of the row, `ctid` its place: PostgreSQL writes
 * a row anew with every UPDATE. The times and the size of the stored (compressed) column, which is
 * known without reading it, tell apart what a database that was restored to an earlier state
 * numbers alike. An md5 of the snapshot would read and print all of it.
 */
const versionSql = sql<string>`concat_ws(' ', ${artifactTable}.xmin, ${artifactTable}.ctid,
  ${created}, ${updated_at}, pg_column_size(${metadata}))`;

/** A view has neither: of one the row's texts are hashed, which reads them. */
const versionOfViewSql = sql<string>`md5(concat_ws(' ', ${metadata}::text, ${chartData}::text,
  ${artifactTable.symbol}, ${created}, ${updated_at}))`;
const UNDEFINED_COLUMN = '42703';

/** Tries the table's own version first; `artifacts` may be a view. */
async function withVersion<T>(read: (version: typeof versionSql) => Promise<T>): Promise<T> {
  try {
    return await read(versionSql);
  } catch (error) {
    if (sqlStateOf(error) === UNDEFINED_COLUMN) return read(versionOfViewSql);
    throw error;
  }
}

/** Snapshots of rows, each with something that tells whether the row has changed since. */
export function createSnapshotRepository(database: Database): SnapshotRepository {
  return {
    version: (id) =>
      guarded('snapshot.version', async () => {
        const [row] = await withVersion((version) =>
          database.select({ version }).from(artifactTable).where(eq(artifactTable.id, id)),
        );
        return row?.version ?? null;
      }),
    read: (id) =>
      guarded('snapshot.read', async () => {
        const [row] = await withVersion((version) =>
          database
            .select({
              version,
              snapshot: sql<unknown>`${metadata} -> 'market_data_snapshot'`.mapWith(metadata),
              rowSymbol: artifactTable.symbol,
              rowTimeframe: sql<string | null>`${chartData} ->> 'timeframe'`,
            })
            .from(artifactTable)
            .where(eq(artifactTable.id, id)),
        );
        return row ?? null;
      }),
  };
}
