import {
  doublePrecision,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  timestamp,
  uuid,
} from 'drizzle-orm/pg-core';

/**
 * What isolates counted, added up. `name`: as in `COUNTERS`, or one of those that the ledger is
 * counted under.
 */
export const metricCounterTable = pgTable(
  'metric_counter',
  {
    name: text().notNull(),
    labels: jsonb().$type<unknown>().notNull(),
    value: doublePrecision().notNull(),
    updated_at: timestamp({ withTimezone: true, mode: 'string' }).notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.name, table.labels] })],
);

/** The last batch of counts of each isolate. */
export const metricBatchTable = pgTable('metric_batch', {
  isolate: uuid().primaryKey(),
  sequence: integer().notNull(),
  written_at: timestamp({ withTimezone: true, mode: 'string' }).notNull().defaultNow(),
});

/** Counts that need the whole artifacts table; one row. */
export const metricSnapshotTable = pgTable('metric_snapshot', {
  name: text().primaryKey(),
  /** Nobody takes it anew before. */
  next_at: timestamp({ withTimezone: true, mode: 'string' }).notNull(),
  taken_at: timestamp({ withTimezone: true, mode: 'string' }),
  took_ms: doublePrecision(),
  facts: jsonb().$type<unknown>(),
  ledger_until: timestamp({ withTimezone: true, mode: 'string' }),
});
