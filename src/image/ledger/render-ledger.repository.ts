import { eq, inArray, sql } from 'drizzle-orm';
import { artifactTable } from '../../artifact/artifact.table.ts';
import { guarded } from '../../storage/database-errors.ts';
import type { Database } from '../../storage/database.ts';
import type { ShownBy } from '../verify/verification.schema.ts';
import {
  artifactRenderTable,
  chartRenderTable,
  type ChartRenderRow,
  type NewChartRenderRow,
} from './chart-render.table.ts';
import {
  createShownRenders,
  SHOWN_BY_LIMIT,
  shownColumns,
  type ShownRenders,
} from './shown-render.repository.ts';

/** A file that was drawn here. `renders` begins with its own. */
export interface KnownFile {
  readonly row: ChartRenderRow;
  readonly renders: readonly ChartRenderRow[];
  readonly artifacts: ShownBy[];
}

/** What was drawn, and who shows it. */
export interface RenderLedger extends ShownRenders {
  find(renderKey: string): Promise<ChartRenderRow | null>;
  /** The first twenty that were drawn. */
  findByPixels(pixelSha256: string): Promise<ChartRenderRow[]>;
  /**
   * The render whose file has this SHA-256, with those of the same pixels and who shows them: one
   * request.
   */
  findByFile(pngSha256: string): Promise<KnownFile | null>;
  /**
   * Writes or replaces the row of this render key: what was drawn last is what lies in the store.
   */
  record(row: NewChartRenderRow): Promise<void>;
}

const BY_PIXELS_LIMIT = 20;

export function createRenderLedger(database: Database): RenderLedger {
  return {
    ...createShownRenders(database),

    find: (renderKey) =>
      guarded('render_ledger.find', async () => {
        const [row] = await database
          .select()
          .from(chartRenderTable)
          .where(eq(chartRenderTable.render_key, renderKey));
        return row ?? null;
      }),

    findByPixels: (pixelSha256) =>
      guarded('render_ledger.find_by_pixels', async () =>
        database
          .select()
          .from(chartRenderTable)
          .where(eq(chartRenderTable.pixel_sha256, pixelSha256))
          .orderBy(chartRenderTable.created_at, chartRenderTable.render_key)
          .limit(BY_PIXELS_LIMIT),
      ),

    findByFile: (pngSha256) =>
      guarded('render_ledger.find_by_file', async () => {
        const samePixels = inArray(
          chartRenderTable.pixel_sha256,
          database
            .select({ pixels: chartRenderTable.pixel_sha256 })
            .from(chartRenderTable)
            .where(eq(chartRenderTable.png_sha256, pngSha256)),
        );
        const isFile = sql`(${chartRenderTable.png_sha256} = ${pngSha256}) desc`;
        const [renders, artifacts] = await database.batch([
          database
            .select()
            .from(chartRenderTable)
            .where(samePixels)
            .orderBy(isFile, chartRenderTable.created_at, chartRenderTable.render_key)
            .limit(BY_PIXELS_LIMIT),
          database
            .select(shownColumns)
            .from(artifactRenderTable)
            .innerJoin(artifactTable, eq(artifactTable.id, artifactRenderTable.artifact_id))
            .innerJoin(
              chartRenderTable,
              eq(chartRenderTable.render_key, artifactRenderTable.render_key),
            )
            .where(samePixels)
            .orderBy(artifactTable.id)
            .limit(SHOWN_BY_LIMIT),
        ]);
        const [row] = renders;
        return row === undefined ? null : { row, renders, artifacts };
      }),

    record: (row) =>
      guarded('render_ledger.record', async () => {
        const { render_key: _key, ...rest } = row;
        await database
          .insert(chartRenderTable)
          .values(row)
          .onConflictDoUpdate({
            target: chartRenderTable.render_key,
            set: { ...rest, updated_at: sql`now()` },
          });
      }),
  };
}
