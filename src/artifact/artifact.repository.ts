import { and, count, desc, eq, getTableColumns, sql, type SQL } from 'drizzle-orm';
import type { PgColumn } from 'drizzle-orm/pg-core';
import type { Database } from '../storage/database.ts';
import { guarded, sqlStateOf } from '../storage/database-errors.ts';
import type { ArtifactListQuery, ArtifactPatch, NewArtifact } from './artifact.schema.ts';
import { artifactTable, type ArtifactRow } from './artifact.table.ts';
import { toColumns } from './artifact-wire.ts';
import type { ArtifactRecord } from './derive-lineage.ts';
import { lineageLookupTable, lookupOfArtifact } from './lineage-lookup.table.ts';
import { idempotencyKeyTable } from './idempotency-key.table.ts';
import type { IdempotencyClaim } from './idempotency.repository.ts';

export interface ArtifactRepository {
  /** One statement. Works, without look-up, on a database where only `artifacts` exists. */
  find(id: number): Promise<ArtifactRecord | null>;
  /** Newest first; `total` counts everything that matches. Bars are left out unless asked for. */
  list(query: ArtifactListQuery): Promise<{ records: ArtifactRecord[]; total: number }>;
  /** Inserts, and completes the idempotency claim in the same statement: a crash leaves both or neither. */
  create(input: NewArtifact, claim: IdempotencyClaim | null): Promise<ArtifactRow>;
  /** JSON objects are merged one level deep by the database, so two patches at once both arrive. Null: no such artifact. */
  patch(id: number, patch: ArtifactPatch): Promise<ArtifactRow | null>;
  /** The row that was there, or null. */
  remove(id: number): Promise<ArtifactRow | null>;
}

const UNDEFINED_TABLE = '42P01';
const JSON_COLUMNS = ['chart_data', 'signal_data', 'artifact_metadata'] as const;

export function createArtifactRepository(database: Database): ArtifactRepository {
  return {
    find: (id) =>
      guarded('artifact.find', async () => {
        try {
          const [found] = await database
            .select({ row: artifactTable, lookup: lineageLookupTable })
            .from(artifactTable)
            .leftJoin(lineageLookupTable, lookupOfArtifact)
            .where(eq(artifactTable.id, id));
          return found ?? null;
        } catch (error) {
          // A database that nobody has migrated yet: its artifacts are readable all the same.
          if (sqlStateOf(error) !== UNDEFINED_TABLE) throw error;
          const [row] = await database.select().from(artifactTable).where(eq(artifactTable.id, id));
          return row === undefined ? null : { row, lookup: null };
        }
      }),

    list: (query) =>
      guarded('artifact.list', async () => {
        const matching = and(...listConditions(query));
        const columns = getTableColumns(artifactTable);
        const [rows, [counted]] = await database.batch([
          database
            .select(
              query.include === 'bars' ? columns : { ...columns, artifact_metadata: metadataWithoutBars() },
            )
            .from(artifactTable)
            .where(matching)
            .orderBy(desc(artifactTable.created_at), desc(artifactTable.id))
            .limit(query.limit),
          database.select({ total: count() }).from(artifactTable).where(matching),
        ]);
        return { records: rows.map((row) => ({ row, lookup: null })), total: counted?.total ?? 0 };
      }),

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

/** `#-` fails on scalars and does nothing useful on arrays; both come back as they are. */
function metadataWithoutBars() {
  const metadata = artifactTable.artifact_metadata;
  return sql`case when jsonb_typeof(${metadata} -> 'market_data_snapshot') = 'object'
    then ${metadata} #- '{market_data_snapshot,bars}' else ${metadata} end`
    .mapWith(metadata)
    .as('artifact_metadata');
}

function listConditions(query: ArtifactListQuery): SQL[] {
  const equal = ['symbol', 'workflow_id', 'execution_id', 'dag_id', 'step_name', 'run_id'] as const;
  const conditions = equal.flatMap((name) => {
    const wanted = query[name];
    return wanted === undefined ? [] : [eq(artifactTable[name], wanted)];
  });
  if (query.type === 'order' || query.type === 'trade' || query.type === 'portfolio') {
    conditions.push(eq(artifactTable.type, 'signal'));
    conditions.push(sql`${artifactTable.signal_data} ->> 'artifact_type' = ${query.type}`);
  } else if (query.type !== undefined) {
    conditions.push(eq(artifactTable.type, query.type));
  }
  return conditions;
}
