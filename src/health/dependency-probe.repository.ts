import { eq, sql } from 'drizzle-orm';
import { guarded } from '../storage/database-errors.ts';
import type { Database } from '../storage/database.ts';
import { isoTimestamp } from '../storage/iso-timestamp.ts';
import { dependencyProbeTable } from './dependency-probe.table.ts';

/** One finding; `checkedAt` is ISO 8601. */
export interface DependencyFinding {
  readonly ok: boolean;
  readonly detail: string;
  readonly checkedAt: string;
}

export interface DependencyProbes {
  record(finding: { name: string; ok: boolean; detail: string }): Promise<void>;
  /** Null: never probed. Asking also shows that the database answers. */
  find(name: string): Promise<DependencyFinding | null>;
}

/** Isolates share no memory, so what one finds out is kept in the database. */
export function createDependencyProbes(database: Database): DependencyProbes {
  return {
    record: ({ name, ok, detail }) =>
      guarded('dependency_probe.record', async () => {
        await database
          .insert(dependencyProbeTable)
          .values({ name, ok, detail })
          .onConflictDoUpdate({
            target: dependencyProbeTable.name,
            set: { ok, detail, checked_at: sql`now()` },
          });
      }),
    find: (name) =>
      guarded('dependency_probe.find', async () => {
        const [row] = await database
          .select()
          .from(dependencyProbeTable)
          .where(eq(dependencyProbeTable.name, name));
        return row === undefined
          ? null
          : { ok: row.ok, detail: row.detail, checkedAt: isoTimestamp(row.checked_at) };
      }),
  };
}
