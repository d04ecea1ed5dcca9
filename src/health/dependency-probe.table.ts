import { boolean, pgTable, text, timestamp } from 'drizzle-orm/pg-core';

/** What a cron found out about a dependency, one row each. */
export const dependencyProbeTable = pgTable('dependency_probe', {
  name: text().primaryKey(),
  ok: boolean().notNull(),
  detail: text().notNull(),
  checked_at: timestamp({ withTimezone: true, mode: 'string' }).notNull().defaultNow(),
});
