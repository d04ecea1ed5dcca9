import { and, eq, getTableColumns, not, sql, type SQL } from 'drizzle-orm';
import type { PgColumn } from 'drizzle-orm/pg-core';
import type { RowPreconditions } from '../http/preconditions.ts';
import { guarded } from '../storage/database-errors.ts';
import type { Database } from '../storage/database.ts';
import { listOf } from '../storage/list-of.ts';
import { toColumns } from './artifact-wire.ts';
import type { ArtifactPatch, NewArtifact } from './artifact.schema.ts';
import { artifactTable, type ArtifactRow } from './artifact.table.ts';
import { idempotencyKeyTable } from './idempotency-key.table.ts';
import type { IdempotencyClaim } from './idempotency.repository.ts';

/**
 * `version` is another one whenever anybody changed the row, in whatever way: 32 hex digits of a
 * hash over all of it.
 */
export interface VersionedRow {
  readonly row: ArtifactRow;
  readonly version: string;
}

/** `changed`: the row is there, but not as the preconditions want it, and nothing was written. */
export type WriteOutcome =
  | { readonly kind: 'written'; readonly row: ArtifactRow }
  | { readonly kind: 'changed' }
  | { readonly kind: 'absent' };

export interface ArtifactRepository {
  find(id: number): Promise<VersionedRow | null>;
  /**
   * Inserts, and completes the idempotency claim in the same statement: a crash leaves both or
   * neither.
   */
  create(input: NewArtifact, claim: IdempotencyClaim | null): Promise<VersionedRow>;
  /**
   * JSON objects are merged one level deep by the database, so two patches at once both arrive. The
   * preconditions are compared by the statement that writes, so of two that name the same version
   * one is written.
   */
  patch(id: number, patch: ArtifactPatch, wanted: RowPreconditions): Promise<WriteOutcome>;
  /** Answers with the row that was there. */
  remove(id: number, wanted: RowPreconditions): Promise<WriteOutcome>;
}

/**
 * Of the row's text and not of `xmin`: a producer's table may be a view, and numbers of
 * transactions come again after a restore (ADR 34).
 */
export const rowVersionSql = sql<string>`left(encode(sha256(convert_to(${artifactTable}::text, 'UTF8')), 'hex'), 32)`;

const JSON_COLUMNS = ['chart_data', 'signal_data', 'artifact_metadata'] as const;

export function createArtifactRepository(database: Database): ArtifactRepository {
  /** Nothing written: there is no such row, or it is not as wanted. */
  const outcomeOf = async (
    id: number,
    row: ArtifactRow | undefined,
    wanted: RowPreconditions,
  ): Promise<WriteOutcome> => {
    if (row !== undefined) return { kind: 'written', row };
    if (isAsWanted(wanted) === undefined) return { kind: 'absent' };
    const found = await database
      .select({ id: artifactTable.id })
      .from(artifactTable)
      .where(eq(artifactTable.id, id));
    return { kind: found.length > 0 ? 'changed' : 'absent' };
  };

  return {
    find: (id) =>
      guarded('artifact.find', async () => {
        const [found] = await database
          .select({ row: artifactTable, version: rowVersionSql })
          .from(artifactTable)
          .where(eq(artifactTable.id, id));
        return found ?? null;
      }),

    create: (input, claim) =>
      guarded('artifact.create', async () => {
        const insert = database
          .insert(artifactTable)
          .values(newRow(input))
          .returning(versionedColumns());
        const [created] =
          claim === null ? await insert : await insertCompleting(database, input, claim);
        if (created === undefined) throw new TypeError('an insert returns its row');
        const { version, ...row } = created;
        return { row, version };
      }),

    patch: (id, patch, wanted) =>
      guarded('artifact.patch', async () => {
        const columns: Record<string, unknown> = { ...toColumns(patch), updated_at: sql`now()` };
        // An experiment belongs to its run: of another run it is not known.
        if (patch.run_id !== undefined && patch.experiment_id === undefined) {
          columns['experiment_id'] =
            sql`case when ${artifactTable.run_id} = ${patch.run_id}::text then ${artifactTable.experiment_id} end`;
        }
        for (const name of JSON_COLUMNS) {
          const value = columns[name];
          if (value !== null && value !== undefined)
            columns[name] = merged(artifactTable[name], value);
        }
        const [row] = await database
          .update(artifactTable)
          .set(columns)
          .where(and(eq(artifactTable.id, id), isAsWanted(wanted)))
          .returning();
        return outcomeOf(id, row, wanted);
      }),

    remove: (id, wanted) =>
      guarded('artifact.remove', async () => {
        const [row] = await database
          .delete(artifactTable)
          .where(and(eq(artifactTable.id, id), isAsWanted(wanted)))
          .returning();
        return outcomeOf(id, row, wanted);
      }),
  };
}

function versionedColumns() {
  return { ...getTableColumns(artifactTable), version: rowVersionSql.as('version') };
}

/**
 * Undefined: any row will do. PostgreSQL compares once more when it had to wait for another writer
 * of the row.
 */
function isAsWanted({ ifVersions, unlessVersions }: RowPreconditions): SQL | undefined {
  const isOneOf = (versions: readonly string[]) => sql`${rowVersionSql} in ${listOf(versions)}`;
  const conditions = [
    ifVersions === null ? undefined : isOneOf(ifVersions),
    unlessVersions === null
      ? undefined
      : unlessVersions === 'any'
        ? sql`false`
        : not(isOneOf(unlessVersions)),
  ];
  return and(...conditions);
}

/** Born now: a table of others may have no default for it. */
function newRow(input: NewArtifact) {
  return { ...toColumns(input), created_at: sql`now()` };
}

/**
 * Both halves are data-modifying CTEs of one statement, so neither can happen without the other.
 */
function insertCompleting(
  database: Database,
  input: NewArtifact,
  claim: IdempotencyClaim,
): Promise<(ArtifactRow & { version: string })[]> {
  const created = database
    .$with('created')
    .as(database.insert(artifactTable).values(newRow(input)).returning(versionedColumns()));
  const completed = database.$with('completed').as(
    database
      .update(idempotencyKeyTable)
      .set({ status: 'done', artifact_id: sql`(select id from created)` })
      .where(
        and(eq(idempotencyKeyTable.caller, claim.caller), eq(idempotencyKeyTable.key, claim.key)),
      )
      .returning({ key: idempotencyKeyTable.key }),
  );
  return database.with(created, completed).select().from(created);
}

/** A stored JSON null or array would make `||` an array, so anything but an object is replaced. */
function merged(stored: PgColumn, value: unknown): SQL {
  return sql`(case when jsonb_typeof(${stored}) = 'object' then ${stored} else '{}'::jsonb end) || ${JSON.stringify(value)}::jsonb`;
}
