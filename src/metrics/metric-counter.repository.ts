import { sql } from 'drizzle-orm';
import type { MetricBatch } from '../observability/metrics.ts';
import { guarded } from '../storage/database-errors.ts';
import type { Database } from '../storage/database.ts';
import { metricBatchTable, metricCounterTable, metricSnapshotTable } from './metric.table.ts';

/** One stored counter as it is; whoever reads it decides whether it can be told. */
export interface StoredCounter {
  readonly name: string;
  readonly labels: unknown;
  readonly value: number;
}

/** The last snapshot of the artifacts, by the database's clock. */
export interface StoredSnapshot {
  /** Seconds since it was taken. */
  readonly age: number;
  readonly tookMs: number | null;
  /** Seconds since 1970: now. */
  readonly now: number;
  readonly facts: unknown;
}

export interface MetricCounterRepository {
  /** Adds a batch to what is stored, in one statement; one that was added already adds nothing. */
  add(batch: MetricBatch): Promise<void>;
  /** Everything stored, in one request. */
  read(): Promise<{ counters: StoredCounter[]; snapshot: StoredSnapshot | null }>;
  /** Forgets batches of isolates that are long gone. */
  forgetOldBatches(): Promise<void>;
}

/**
 * Names and labels are closed lists, so there are some hundreds; more could only come from
 * elsewhere.
 */
const COUNTERS_MAX = 5_000;
export const SNAPSHOT_NAME = 'artifacts';

export function createMetricCounterRepository(database: Database): MetricCounterRepository {
  const { name, labels, value } = metricCounterTable;
  const { taken_at, took_ms, facts } = metricSnapshotTable;
  return {
    add: ({ isolate, sequence, counts }) =>
      guarded('metric_counter.add', async () => {
        // In one order for everybody, so that two at once wait for each other and never in a
        // circle.
        await database.execute(sql`with fresh as (
            insert into ${metricBatchTable} as seen (isolate, sequence) values (${isolate}::uuid, ${sequence}::int)
            on conflict (isolate) do update set sequence = excluded.sequence, written_at = now()
            where seen.sequence < excluded.sequence
            returning 1
          )
          insert into ${metricCounterTable} as total (name, labels, value)
          select given.name, given.labels, given.value
          from jsonb_to_recordset(${JSON.stringify(counts)}::jsonb) as given(name text, labels jsonb, value float8)
          where exists (select from fresh)
          order by given.name, given.labels
          on conflict (name, labels) do update set value = total.value + excluded.value, updated_at = now()`);
      }),

    read: () =>
      guarded('metric_counter.read', async () => {
        const [counters, [snapshot]] = await database.batch([
          database
            .select({ name, labels, value })
            .from(metricCounterTable)
            .orderBy(name, labels)
            .limit(COUNTERS_MAX),
          database
            .select({
              age: sql<number | null>`extract(epoch from now() - ${taken_at})::float8`,
              now: sql<number>`extract(epoch from now())::float8`,
              tookMs: took_ms,
              facts,
            })
            .from(metricSnapshotTable)
            .where(sql`${metricSnapshotTable.name} = ${SNAPSHOT_NAME}`),
        ]);
        if (snapshot === undefined || snapshot.age === null) return { counters, snapshot: null };
        return { counters, snapshot: { ...snapshot, age: snapshot.age } };
      }),

    forgetOldBatches: () =>
      guarded('metric_batch.forget', async () => {
        await database
          .delete(metricBatchTable)
          .where(sql`${metricBatchTable.written_at} < now() - interval '1 day'`);
      }),
  };
}
