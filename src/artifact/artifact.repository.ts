import { and, eq, inArray, sql, type SQL } from 'drizzle-orm';
import type { PgColumn } from 'drizzle-orm/pg-core';
import type { Database } from '../storage/database.ts';
import { guarded } from '../storage/database-errors.ts';
import { withOrWithoutLookup } from './artifact-filter.repository.ts';
import type { ArtifactPatch, NewArtifact } from './artifact.schema.ts';
import { artifactTable, type ArtifactRow } from './artifact.table.ts';
import { toColumns } from './artifact-wire.ts';
import type { ArtifactRecord } from './derive-lineage.ts';
import { lineageLookupTable, lookupOfArtifact } from './lineage-lookup.table.ts';
import { idempotencyKeyTable } from './idempotency-key.table.ts';
import type { IdempotencyClaim } from './idempotency.repository.ts';

export interface ArtifactRepository {
  /** One statement. Works, without look-up, on a database where only `artifacts` exists. */
  find(id: number): Promise<ArtifactRecord | null>;
  /** Those that exist, in any order. */
  findMany(ids: readonly number[]): Promise<ArtifactRecord[]>;
  /** Inserts, and completes the idempotency claim in the same statement: a crash leaves both or neither. */
  create(input: NewArtifact, claim: IdempotencyClaim | null): Promise<ArtifactRow>;
  /** JSON objects are merged one level deep by the database, so two patches at once both arrive. Null: no such artifact. */
  patch(id: number, patch: ArtifactPatch): Promise<ArtifactRow | null>;
  /** The row that was there, or null. */
  remove(id: number): Promise<ArtifactRow | null>;
}

const JSON_COLUMNS = ['chart_data', 'signal_data', 'artifact_metadata'] as const;

export function createArtifactRepository(database: Database): ArtifactRepository {
  const findMany = (ids: readonly number[]): Promise<ArtifactRecord[]> =>
    guarded('artifact.find', () =>
      withOrWithoutLookup(async (lookup) => {
        const isWanted = inArray(artifactTable.id, [...ids]);
        if (lookup) {
          return database
            .select({ row: artifactTable, lookup: lineageLookupTable })
            .from(artifactTable)
            .leftJoin(lineageLookupTable, lookupOfArtifact)
            .where(isWanted);
        }
        const rows = await database.select().from(artifactTable).where(isWanted);
        return rows.map((row) => ({ row, lookup: null }));
      }),
    );

  return {
    find: async (id) => (await findMany([id]))[0] ?? null,

    findMany,

    create: (input, claim) =>
      guarded('artifact.create', async () => {
        const insert = database.insert(artifactTable).values(toColumns(input)).returning();
        const [row] = claim === null ? await insert : await insertCompleting(database, input, claim);
        if (row === undefined) throw new TypeError('an insert returns its row');
        return row;
      }),

    patch: (id, patch) =>
      guarded('artifact.patch', async () => {
        const columns: Record<string, unknown> = { ...toColumns(patch), updated_at: sql`now()` };
        // An experiment belongs to its run: of another run it is not known.
        if (patch.run_id !== undefined && patch.experiment_id === undefined) {
          columns['experiment_id'] =
            sql`case when ${artifactTable.run_id} = ${patch.run_id}::text then ${artifactTable.experiment_id} end`;
        }
        for (const name of JSON_COLUMNS) {
          const value = columns[name];
          if (value !== null && value !== undefined) columns[name] = merged(artifactTable[name], value);
        }
        const [row] = await database
          .update(artifactTable)
          .set(columns)
          .where(eq(artifactTable.id, id))
          .returning();
        return row ?? null;
      }),

    remove: (id) =>
      guarded('artifact.remove', async () => {
        const [row] = await database.delete(artifactTable).where(eq(artifactTable.id, id)).returning();
        return row ?? null;
      }),
  };
}

/** Both halves are data-modifying CTEs of one statement, so neither can happen without the other. */
function insertCompleting(
  database: Database,
  input: NewArtifact,
  claim: IdempotencyClaim,
): Promise<ArtifactRow[]> {
  const created = database
    .$with('created')
    .as(database.insert(artifactTable).values(toColumns(input)).returning());
  const completed = database.$with('completed').as(
    database
      .update(idempotencyKeyTable)
      .set({ status: 'done', artifact_id: sql`(select id from created)` })
      .where(and(eq(idempotencyKeyTable.caller, claim.caller), eq(idempotencyKeyTable.key, claim.key)))
      .returning({ key: idempotencyKeyTable.key }),
  );
  return database.with(created, completed).select().from(created);
}

/** A stored JSON null or array would make `||` an array, so anything but an object is replaced. */
export function merged(stored: PgColumn, value: unknown): SQL {
  return sql`(case when jsonb_typeof(${stored}) = 'object' then ${stored} else '{}'::jsonb end) || ${JSON.stringify(value)}::jsonb`;
}
