import { eq, sql } from 'drizzle-orm';
import { artifactTable } from '../artifact/artifact.table.ts';
import { guarded, isUndefinedTable } from '../storage/database-errors.ts';
import type { Database } from '../storage/database.ts';
import { chartRenderTable, type ChartRenderRow } from './ledger/chart-render.table.ts';

/** What the image path needs of one artifact's row, as stored. */
export interface ChartSource {
  readonly id: number;
  readonly type: string;
  /** `metadata.market_data_snapshot`, unparsed. */
  readonly snapshot: unknown;
  readonly rowSymbol: string | null;
  readonly rowTimeframe: string | null;
  /** `chart_data.minio_url`, else `metadata.minio_url`, else `image_path`. */
  readonly storedUrl: string | null;
  /** Changes with anything the picture is made from; guards the write-back. */
  readonly fingerprint: string;
  /** The ledger's row of the render key that the stored URL names, if it names one. */
  readonly ledger: ChartRenderRow | null;
}

export interface ChartSourceRepository {
  /** One statement. Works, without ledger, on a database where only `artifacts` exists. */
  find(id: number): Promise<ChartSource | null>;
}

const {
  chart_data: chartData,
  artifact_metadata: metadata,
  image_path: imagePath,
  symbol,
} = artifactTable;

/** The first of the three places that holds any text. `->>` on an array or scalar is null. */
export const storedUrlSql = sql<string | null>`coalesce(
  nullif(btrim(${chartData} ->> 'minio_url'), ''),
  nullif(btrim(${metadata} ->> 'minio_url'), ''),
  nullif(btrim(${imagePath}), ''))`;

/**
 * Of the snapshot and of the row's symbol and timeframe, which stand in when the snapshot has none.
 */
export const fingerprintSql = sql<string>`md5(concat_ws('|',
  ${metadata} ->> 'market_data_snapshot', ${symbol}, ${chartData} ->> 'timeframe'))`;

const columns = {
  id: artifactTable.id,
  type: artifactTable.type,
  snapshot: sql<unknown>`${metadata} -> 'market_data_snapshot'`.mapWith(metadata),
  rowSymbol: artifactTable.symbol,
  rowTimeframe: sql<string | null>`${chartData} ->> 'timeframe'`,
  storedUrl: storedUrlSql,
  fingerprint: fingerprintSql,
};

export function createChartSourceRepository(database: Database): ChartSourceRepository {
  const withLedger = async (id: number) => {
    const [row] = await database
      .select({ ...columns, ledger: chartRenderTable })
      .from(artifactTable)
      .leftJoin(
        chartRenderTable,
        eq(
          chartRenderTable.render_key,
          sql`substring(${storedUrlSql} from '([0-9a-f]{32})\\.png$')`,
        ),
      )
      .where(eq(artifactTable.id, id));
    return row ?? null;
  };
  const withoutLedger = async (id: number) => {
    const [row] = await database
      .select(columns)
      .from(artifactTable)
      .where(eq(artifactTable.id, id));
    return row === undefined ? null : { ...row, ledger: null };
  };
  return {
    find: (id) =>
      guarded('chart_source.find', async () => {
        try {
          return await withLedger(id);
        } catch (error) {
          // A database that nobody has migrated yet: its artifacts are readable all the same.
          if (isUndefinedTable(error)) return withoutLedger(id);
          throw error;
        }
      }),
  };
}
