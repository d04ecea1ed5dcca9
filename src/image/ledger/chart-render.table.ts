import { char, integer, jsonb, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';

/** One panel's data area, pixels; `x` and `y` are its upper left corner. */
export interface PlotBox {
  readonly name: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** The ledger: one row per render key, saying which bytes and pixels were drawn for it. */
export const chartRenderTable = pgTable('chart_render', {
  render_key: char({ length: 32 }).primaryKey(),
  snapshot_sha256: char({ length: 64 }).notNull(),
  png_sha256: char({ length: 64 }).notNull(),
  pixel_sha256: char({ length: 64 }).notNull(),
  bucket: text().notNull(),
  object_key: text().notNull(),
  byte_size: integer().notNull(),
  width: integer().notNull(),
  height: integer().notNull(),
  symbol: text().notNull(),
  timeframe: text().notNull(),
  bar_count: integer().notNull(),
  first_bar: timestamp({ withTimezone: true, mode: 'string' }).notNull(),
  last_bar: timestamp({ withTimezone: true, mode: 'string' }).notNull(),
  renderer: text().notNull(),
  spec: jsonb().$type<unknown>().notNull(),
  render_ms: integer().notNull(),
  /** Where the panels' data is drawn: `[{name, x, y, width, height}]`, pixels. */
  plots: jsonb().$type<readonly PlotBox[]>(),
  created_at: timestamp({ withTimezone: true, mode: 'string' }).notNull().defaultNow(),
  updated_at: timestamp({ withTimezone: true, mode: 'string' }),
});

export type ChartRenderRow = typeof chartRenderTable.$inferSelect;
export type NewChartRenderRow = typeof chartRenderTable.$inferInsert;

/** Which artifact shows which render, and why it had to be drawn. */
export const artifactRenderTable = pgTable(
  'artifact_render',
  {
    artifact_id: integer().notNull(),
    render_key: char({ length: 32 }).notNull(),
    reason: text().notNull(),
    detail: text(),
    created_at: timestamp({ withTimezone: true, mode: 'string' }).notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.artifact_id, table.render_key] })],
);
