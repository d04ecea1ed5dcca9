import { and, ne, sql, type SQL } from 'drizzle-orm';
import { artifactTable } from '../artifact/artifact.table.ts';
import { artifactRenderTable, chartRenderTable } from '../image/ledger/chart-render.table.ts';
import { RENDER_REASONS } from '../image/ledger/shown-render.repository.ts';
import { lineageLookupTable, lookupOfArtifact } from '../lineage/lineage-lookup.table.ts';
import { lineageStatusSql, type LineageStatus } from '../lineage/lineage-status.ts';
import { guarded } from '../storage/database-errors.ts';
import type { Database } from '../storage/database.ts';
import { SNAPSHOT_NAME } from './metric-counter.repository.ts';
import { RENDER_SECONDS_BUCKETS } from './metric-families.ts';
import { metricCounterTable, metricSnapshotTable } from './metric.table.ts';

/** Artifacts that share a type and a lineage status. */
export interface ArtifactGroupFacts {
  /** `chart`, `llm`, `signal` or `other`. */
  readonly type: string;
  readonly lineage: LineageStatus;
  readonly artifacts: number;
  /** Seconds since 1970; null where none has a finite date. */
  readonly oldest: number | null;
}

export interface MetricSnapshotRepository {
  /** True for one asker a minute world-wide, who then takes the snapshot. */
  claim(): Promise<boolean>;
  /** Reads the whole artifacts table once. */
  countArtifacts(options: { readonly hasLookups: boolean }): Promise<ArtifactGroupFacts[]>;
  record(facts: readonly ArtifactGroupFacts[], tookMs: number): Promise<void>;
  /** Adds what was drawn since the last time to the counters, each row once. */
  countLedger(): Promise<void>;
}

/** Of the age of a snapshot, and of the statement that takes it. */
export const SNAPSHOT_EVERY_SECONDS = 60;
const SCAN_TIMEOUT_MS = 20_000;
/**
 * Rows are dated when their statement begins and seen when it ends, which takes seconds at most.
 */
const LEDGER_SETTLES_SECONDS = 10;

export function createMetricSnapshotRepository(
  database: Database,
  { isMlflowConfigured }: { readonly isMlflowConfigured: boolean },
): MetricSnapshotRepository {
  return {
    claim: () =>
      guarded('metric_snapshot.claim', async () => {
        const { rows } =
          await database.execute(sql`insert into ${metricSnapshotTable} as taken (name, next_at)
          values (${SNAPSHOT_NAME}, ${inSeconds(SNAPSHOT_EVERY_SECONDS)})
          on conflict (name) do update set next_at = excluded.next_at where taken.next_at <= now()
          returning 1`);
        return rows.length > 0;
      }),

    countArtifacts: ({ hasLookups }) =>
      guarded('metric_snapshot.count_artifacts', async () => {
        const { type, created_at } = artifactTable;
        const status = lineageStatusSql({ isMlflowConfigured, hasLookups });
        const query = database
          .select({
            type: sql<string>`case when ${type} in ('chart', 'llm', 'signal') then ${type} else 'other' end`,
            lineage: status,
            artifacts: sql<number>`count(*)::float8`,
            oldest: sql<
              number | null
            >`extract(epoch from min(${created_at}) filter (where isfinite(${created_at})))::float8`,
          })
          .from(artifactTable)
          .$dynamic();
        // Of the runs that were found, which are most, nothing has to be known.
        if (hasLookups)
          query.leftJoin(
            lineageLookupTable,
            and(lookupOfArtifact, ne(lineageLookupTable.status, 'linked')),
          );
        // By position: the expressions hold parameters, so PostgreSQL would not recognise them a
        // second time.
        const grouped = query.groupBy(sql`1`, sql`2`);
        const [, rows] = await database.batch([timeout(database), grouped]);
        return rows;
      }),

    record: (facts, tookMs) =>
      guarded('metric_snapshot.record', async () => {
        await database
          .update(metricSnapshotTable)
          .set({ facts, took_ms: tookMs, taken_at: sql`now()` })
          .where(sql`${metricSnapshotTable.name} = ${SNAPSHOT_NAME}`);
      }),

    countLedger: () =>
      guarded('metric_snapshot.count_ledger', async () => {
        await database.batch([timeout(database), database.execute(ledgerSql())]);
      }),
  };
}

function timeout(database: Database) {
  return database.execute(sql.raw(`set local statement_timeout = ${SCAN_TIMEOUT_MS}`));
}

function inSeconds(seconds: number): SQL {
  return sql`now() + ${seconds}::int * interval '1 second'`;
}

/**
 * The ledger's rows between two marks, added to the counters in the statement that moves the mark.
 * Counting the rows that are there would not do: they are replaced and deleted, and a counter never
 * falls.
 */
function ledgerSql(): SQL {
  const { reason, created_at } = artifactRenderTable;
  const { render_ms } = chartRenderTable;
  const drawnAt = sql`coalesce(${chartRenderTable.updated_at}, ${chartRenderTable.created_at})`;
  const until = sql`now() - ${LEDGER_SETTLES_SECONDS}::int * interval '1 second'`;
  const bucket = sql.join(
    RENDER_SECONDS_BUCKETS.map((seconds) =>
      sql.raw(`when render_ms <= ${seconds * 1_000} then '${seconds}'`),
    ),
    sql.raw(' '),
  );
  const reasons = sql.raw(RENDER_REASONS.map((known) => `'${known}'`).join(', '));
  return sql`with seen as (
      select name, coalesce(ledger_until, '-infinity') as after from ${metricSnapshotTable}
      where name = ${SNAPSHOT_NAME} for update
    ), mark as (
      update ${metricSnapshotTable} as moved set ledger_until = ${until} from seen
      where moved.name = seen.name and seen.after < ${until}
      returning seen.after, moved.ledger_until as until
    ), drawn as (
      select case ${bucket} else '+Inf' end as le, count(*)::float8 as renders,
        sum(greatest(render_ms, 0))::float8 / 1000 as seconds
      from mark join lateral (
        select ${render_ms} as render_ms from ${chartRenderTable} where ${drawnAt} > mark.after and ${drawnAt} <= mark.until
      ) as drawing on true
      group by 1
    ), counted as (
      select 'render_seconds_bucket' as name, jsonb_build_object('le', le) as labels, renders as value from drawn
      union all
      select 'render_seconds_sum', '{}', sum(seconds) from drawn
      union all
      select 'render', jsonb_build_object('reason', shown.reason), count(*)::float8
      from mark join lateral (
        select case when ${reason} in (${reasons}) then ${reason} else 'other' end as reason from ${artifactRenderTable}
        where ${created_at} > mark.after and ${created_at} <= mark.until
      ) as shown on true
      group by shown.reason
    )
    insert into ${metricCounterTable} as total (name, labels, value)
    select name, labels, value from counted where value is not null order by name, labels
    on conflict (name, labels) do update set value = total.value + excluded.value, updated_at = now()`;
}
