import { eq, inArray, sql, type SQL } from 'drizzle-orm';
import { rowVersionSql } from '../artifact/artifact.repository.ts';
import { artifactTable } from '../artifact/artifact.table.ts';
import { guarded } from '../storage/database-errors.ts';
import type { Database } from '../storage/database.ts';
import type { ArtifactRecord } from './derive-lineage.ts';
import { lineageLookupTable, lookupOfArtifact } from './lineage-lookup.table.ts';
import { withOrWithoutLookups } from './with-or-without-lookups.ts';

export type VersionedRecord = ArtifactRecord & { readonly version: string };

/** Rows with what is remembered of their run. One statement each, whatever was migrated. */
export interface RecordRepository {
  find(id: number): Promise<VersionedRecord | null>;
  /** Those that exist, in any order. */
  findMany(ids: readonly number[]): Promise<ArtifactRecord[]>;
}

export function createRecordRepository(database: Database): RecordRepository {
  const read = (isWanted: SQL): Promise<VersionedRecord[]> =>
    guarded('artifact.find', () =>
      withOrWithoutLookups(async (hasLookups) => {
        const of = { row: artifactTable, version: rowVersionSql };
        return hasLookups
          ? database
              .select({ ...of, lookup: lineageLookupTable })
              .from(artifactTable)
              .leftJoin(lineageLookupTable, lookupOfArtifact)
              .where(isWanted)
          : database
              .select({ ...of, lookup: sql<null>`null` })
              .from(artifactTable)
              .where(isWanted);
      }),
    );

  return {
    find: async (id) => (await read(eq(artifactTable.id, id)))[0] ?? null,
    findMany: (ids) => read(inArray(artifactTable.id, [...ids])),
  };
}
