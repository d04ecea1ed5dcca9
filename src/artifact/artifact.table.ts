import { integer, jsonb, numeric, pgTable, serial, text, timestamp, varchar } from 'drizzle-orm/pg-core';

/**
 * The users' own table, used exactly as it may already exist. Nothing is added to it: what Chartproof needs beside it
 * lives in tables of its own. Timestamps are text, because a `Date` would lose their microseconds.
 */
export const artifactTable = pgTable('artifacts', {
  id: serial().primaryKey(),
  name: varchar({ length: 255 }).notNull(),
  type: varchar({ length: 50 }).notNull(),
  symbol: varchar({ length: 50 }),
  run_id: varchar({ length: 255 }),
  experiment_id: varchar({ length: 255 }),
  workflow_id: varchar({ length: 255 }),
  execution_id: varchar({ length: 255 }),
  step_name: varchar({ length: 100 }),
  dag_id: varchar({ length: 255 }),
  task_id: varchar({ length: 255 }),
  prompt: text(),
  response: text(),
  prompt_length: integer(),
  response_length: integer(),
  model_name: varchar({ length: 100 }),
  image_path: text(),
  chart_type: varchar({ length: 50 }),
  chart_data: jsonb().$type<unknown>(),
  action: varchar({ length: 20 }),
  confidence: numeric({ precision: 3, scale: 2 }),
  signal_data: jsonb().$type<unknown>(),
  artifact_metadata: jsonb().$type<unknown>(),
  created_at: timestamp({ withTimezone: true, mode: 'string' }).notNull().defaultNow(),
  updated_at: timestamp({ withTimezone: true, mode: 'string' }),
});

export type ArtifactRow = typeof artifactTable.$inferSelect;
export type NewArtifactRow = typeof artifactTable.$inferInsert;
