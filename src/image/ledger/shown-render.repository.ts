import { and, count, eq, inArray, ne, or, sql } from 'drizzle-orm';
import { artifactTable } from '../../artifact/artifact.table.ts';
import { guarded, isUndefinedTable } from '../../storage/database-errors.ts';
import type { Database } from '../../storage/database.ts';
import type { ObjectRef } from '../../storage/object-store.ts';
import { fingerprintSql, storedUrlSql } from '../chart-source.repository.ts';
import type { ShownBy } from '../verify/verification.schema.ts';
import { artifactRenderTable, chartRenderTable } from './chart-render.table.ts';

export const RENDER_REASONS = ['missing', 'stale', 'unverified'] as const;

/** Why an artifact's picture was replaced. */
export interface RenderReason {
  readonly reason: (typeof RENDER_REASONS)[number];
  readonly detail: string;
}

/** Which artifact shows which render. */
export interface ShownRenders {
  /**
   * Notes that the artifact shows this render and points its row at the object, keeping the old URL
   * as `chart_data.previous_minio_url`. The row is left alone when what it is drawn from has
   * changed meanwhile. Not `exists`: it was deleted, and nothing is noted.
   */
  link(link: {
    artifactId: number;
    renderKey: string;
    reason: RenderReason;
    url: string;
    fingerprint: string;
  }): Promise<{ pointed: boolean; exists: boolean }>;
  shownBy(renderKeys: readonly string[]): Promise<ShownBy[]>;
  /**
   * How many pictures had to be drawn for each reason; none on a database that nobody has migrated.
   */
  countByReason(): Promise<Record<string, number>>;
  /**
   * Forgets what a deleted artifact showed. True when no other artifact shows the object `ref`, by
   * its row or by the ledger; the object's own ledger row is then gone too, and the object may be
   * removed.
   */
  forget(artifactId: number, ref: ObjectRef | null): Promise<boolean>;
}

export const SHOWN_BY_LIMIT = 100;
const { id, name, symbol, workflow_id, execution_id, run_id, experiment_id } = artifactTable;
/** An artifact that shows a render, as `/api/verify` names it. */
export const shownColumns = {
  artifact_id: id,
  name,
  symbol,
  workflow_id,
  execution_id,
  run_id,
  experiment_id,
};

export function createShownRenders(database: Database): ShownRenders {
  return {
    link: ({ artifactId, renderKey, reason, url, fingerprint }) =>
      guarded('render_ledger.link', async () => {
        const { chart_data: chartData } = artifactTable;
        const pointers = sql`jsonb_build_object('minio_url', ${url}::text)
          || case when ${storedUrlSql} is distinct from ${url}::text and ${storedUrlSql} is not null
             then jsonb_build_object('previous_minio_url', ${storedUrlSql}) else '{}'::jsonb end`;
        const isObject = sql`jsonb_typeof(${chartData}) = 'object'`;
        const data = sql`(case when ${isObject} then ${chartData} else '{}'::jsonb end)`;
        const [linked, updated] = await database.batch([
          database
            .insert(artifactRenderTable)
            .select(
              database
                .select({
                  artifact_id: artifactTable.id,
                  render_key: sql<string>`${renderKey}::char(32)`.as('render_key'),
                  reason: sql<string>`${reason.reason}::text`.as('reason'),
                  detail: sql<string>`${reason.detail}::text`.as('detail'),
                  created_at: sql<string>`now()`.as('created_at'),
                })
                .from(artifactTable)
                .where(eq(artifactTable.id, artifactId)),
            )
            .onConflictDoUpdate({
              target: [artifactRenderTable.artifact_id, artifactRenderTable.render_key],
              set: { ...reason, created_at: sql`now()` },
            })
            .returning({ id: artifactRenderTable.artifact_id }),
          database
            .update(artifactTable)
            .set({
              chart_data: sql`${data} || ${pointers}`,
              image_path: url,
              updated_at: sql`now()`,
            })
            .where(and(eq(artifactTable.id, artifactId), eq(fingerprintSql, fingerprint)))
            .returning({ id: artifactTable.id }),
        ]);
        return { pointed: updated.length > 0, exists: linked.length > 0 };
      }),

    shownBy: (renderKeys) =>
      guarded('render_ledger.shown_by', async () => {
        if (renderKeys.length === 0) return [];
        return database
          .select(shownColumns)
          .from(artifactRenderTable)
          .innerJoin(artifactTable, eq(artifactTable.id, artifactRenderTable.artifact_id))
          .where(inArray(artifactRenderTable.render_key, [...renderKeys]))
          .orderBy(artifactTable.id)
          .limit(SHOWN_BY_LIMIT);
      }),

    countByReason: () =>
      guarded('render_ledger.count_by_reason', async () => {
        const { reason } = artifactRenderTable;
        try {
          const rows = await database
            .select({ reason, n: count() })
            .from(artifactRenderTable)
            .groupBy(reason)
            .orderBy(reason);
          return Object.fromEntries(rows.map((row) => [row.reason, row.n]));
        } catch (error) {
          if (isUndefinedTable(error)) return {};
          throw error;
        }
      }),

    forget: (artifactId, ref) =>
      guarded('render_ledger.forget', async () => {
        await database
          .delete(artifactRenderTable)
          .where(eq(artifactRenderTable.artifact_id, artifactId));
        if (ref === null) return false;
        // Rows name objects in several ways, some with the bucket in the host: all of them end in
        // the key, encoded or not. One that only looks alike keeps an object that nobody needs; the
        // other way round somebody's picture would be gone.
        const path = ref.key;
        const digits = /[0-9a-f]{32}/.exec(ref.key)?.[0];
        const encoded = ref.key.split('/').map(encodeURIComponent).join('/');
        const named = sql`split_part(split_part(${storedUrlSql}, '?', 1), '#', 1)`;
        const ends = or(
          sql`right(${named}, ${path.length}) = ${path}`,
          sql`right(${named}, ${encoded.length}) = ${encoded}`,
          // Any character may be encoded; the digits of our own names are enough to be careful.
          digits === undefined ? undefined : sql`position(${digits} in lower(${named})) > 0`,
        );
        const isThisObject = and(
          eq(chartRenderTable.bucket, ref.bucket),
          eq(chartRenderTable.object_key, ref.key),
        );
        const [byRow, byLedger] = await database.batch([
          database
            .select({ id: artifactTable.id })
            .from(artifactTable)
            .where(and(ne(artifactTable.id, artifactId), ends))
            .limit(1),
          database
            .select({ id: artifactRenderTable.artifact_id })
            .from(artifactRenderTable)
            .innerJoin(
              chartRenderTable,
              eq(chartRenderTable.render_key, artifactRenderTable.render_key),
            )
            .where(isThisObject)
            .limit(1),
        ]);
        if (byRow.length > 0 || byLedger.length > 0) return false;
        await database.delete(chartRenderTable).where(isThisObject);
        return true;
      }),
  };
}
