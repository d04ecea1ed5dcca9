import {
  customType,
  integer,
  jsonb,
  numeric,
  pgTable,
  serial,
  text,
  timestamp,
  varchar,
} from 'drizzle-orm/pg-core';

/**
 * A name of something elsewhere. Some producers write an empty text where there is nothing; it is
 * read as null.
 */
const reference = customType<{ data: string; driverData: string }>({
  dataType: () => 'varchar(255)',
  // Every such column may be null, which this type cannot say.
  fromDriver: (value) => (value === '' ? (null as unknown as string) : value),
});

/**
 * The users' own table, used exactly as it may already exist. Nothing is added to it: what
 * Chartproof needs beside it lives in tables of its own. Timestamps are text, because a `Date`
 * would lose their microseconds.
 */
export const artifactTable = pgTable('artifacts', {
  id: serial().primaryKey(),
  name: varchar({ length: 255 }).notNull(),
  type: varchar({ length: 50 }).notNull(),
  symbol: varchar({ length: 50 }),
  run_id: reference(),
  experiment_id: reference(),
  workflow_id: reference(),
  execution_id: reference(),
  step_name: varchar({ length: 100 }),
  dag_id: reference(),
  task_id: reference(),
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
