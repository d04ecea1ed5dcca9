import { char, integer, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';

/** One POST that may be repeated: whose it is, what it said, and which artifact came of it. */
export const idempotencyKeyTable = pgTable(
  'idempotency_key',
  {
    caller: text().notNull(),
    key: text().notNull(),
    request_sha256: char({ length: 64 }).notNull(),
    status: text({ enum: ['running', 'done'] }).notNull(),
    artifact_id: integer(),
    locked_until: timestamp({ withTimezone: true, mode: 'string' }).notNull(),
    created_at: timestamp({ withTimezone: true, mode: 'string' }).notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.caller, table.key] })],
);
