import { and, eq, inArray, sql } from 'drizzle-orm';
import { artifactTable } from '../../src/artifact/artifact.table.ts';
import { parseBars } from '../../src/bars/parse-bars.ts';
import { snapshotHash } from '../../src/bars/snapshot-hash.ts';
import type { ChartRenderer } from '../../src/chart/render-chart.ts';
import { createWorkQueue } from '../../src/concurrency/work-queue.ts';
import {
  createChartSourceRepository,
  storedUrlSql,
} from '../../src/image/chart-source.repository.ts';
import { createRenderLedger } from '../../src/image/ledger/render-ledger.repository.ts';
import { pictureOf } from '../../src/image/picture.ts';
import { DRAW_LIMITS } from '../../src/image/queue-limits.ts';
import { redrawChart } from '../../src/image/redraw/redraw-chart.ts';
import { silentLog } from '../../src/observability/log.ts';
import { guarded } from '../../src/storage/database-errors.ts';
import type { Database } from '../../src/storage/database.ts';
import { objectUrl } from '../../src/storage/object-ref.ts';
import type { ObjectStore } from '../../src/storage/object-store.ts';
import { putSeedObject } from './put-seed-object.ts';
import {
  FOREIGN_HOST,
  LOST_ON_HOST,
  SEED_MARK,
  seedArtifacts,
  type SeedArtifact,
} from './seed-artifacts.ts';
import { addDeniedRun, seedRuns, type RunTarget } from './seed-runs.ts';

/** Rows that name another host than the one that is seeded. */
const BASES: Readonly<Record<string, string>> = { foreign_host: FOREIGN_HOST, lost: LOST_ON_HOST };
/** `Last-Modified` has whole seconds, so this much later is surely later. */
const SURELY_LATER_MS = 2_000;

export interface SeedTarget {
  readonly database: Database;
  readonly store: ObjectStore;
  readonly bucket: string;
  /** Base of the URLs that rows name. */
  readonly publicEndpoint: string;
  /** Where the runs of the seed's executions go; null: nowhere, and their lineage stays open. */
  readonly mlflow: RunTarget | null;
  /** Opened once, and only when something has to be drawn. */
  readonly renderer: () => Promise<ChartRenderer>;
  readonly say: (line: string) => void;
}

export interface SeedReport {
  readonly added: number;
  readonly addedRuns: number;
  readonly kept: number;
  /** Of the kept ones: those whose object was gone and has been put back. */
  readonly restored: readonly number[];
  /** Ids that somebody else's rows have; they were left alone. */
  readonly skipped: readonly number[];
}

/**
 * Adds what is missing of the seed: objects first, then the rows that name them. What is there
 * stays as it is, so running it twice neither undoes a repair nor touches a row that the seed did
 * not make.
 */
export async function applySeed(options: SeedTarget): Promise<SeedReport> {
  let opened: Promise<ChartRenderer> | undefined;
  const target = { ...options, renderer: () => (opened ??= options.renderer()) };
  const artifacts = seedArtifacts();
  const { added: addedRuns } =
    target.mlflow === null ? { added: 0 } : await seedRuns(target.mlflow);
  const present = await presentRows(
    target.database,
    artifacts.map(({ id }) => id),
  );
  // First of all: an artifact that somebody posts meanwhile must not be given an id of the seed's.
  await advanceSequence(target.database, Math.max(...artifacts.map(({ id }) => id)));
  const restored: number[] = [];
  const skipped: number[] = [];
  let added = 0;
  for (const artifact of artifacts) {
    const { id, shows } = artifact;
    const row = present.get(id);
    if (row === undefined) {
      if (!(await add(target, artifact))) {
        skipped.push(id);
        continue;
      }
      added += 1;
      target.say(`  ${String(id).padStart(2)}  ${shows}`);
    } else if (row.mark !== SEED_MARK) skipped.push(id);
    else if (await restore(target, artifact, row.storedUrl)) {
      restored.push(id);
      target.say(`  ${String(id).padStart(2)}  its object was gone and is there again`);
    }
  }
  return { added, addedRuns, kept: present.size - skipped.length, restored, skipped };
}

interface PresentRow {
  readonly mark: string | null;
  readonly storedUrl: string | null;
}

async function presentRows(
  database: Database,
  ids: readonly number[],
): Promise<Map<number, PresentRow>> {
  const mark = sql<string | null>`${artifactTable.artifact_metadata} ->> 'seed'`;
  const rows = await guarded('seed.read_rows', async () =>
    database
      .select({ id: artifactTable.id, mark, storedUrl: storedUrlSql })
      .from(artifactTable)
      .where(inArray(artifactTable.id, [...ids])),
  );
  return new Map(rows.map(({ id, ...row }) => [id, row]));
}

/** False when somebody else's row has the id since it was looked for. */
async function add(target: SeedTarget, artifact: SeedArtifact): Promise<boolean> {
  const { object } = artifact;
  const runId =
    artifact.namesDeniedRun && target.mlflow !== null ? await addDeniedRun(target.mlflow) : null;
  const isPut = object.kind !== 'none' && object.kind !== 'rendered';
  const uploadedAt = isPut ? (await putSeedObject(target, object)).uploadedAt : null;
  const rows = await guarded('seed.add_row', async () =>
    target.database
      .insert(artifactTable)
      .values({
        ...rowOf(target, artifact, uploadedAt),
        ...(runId === null ? {} : { run_id: runId }),
      })
      .onConflictDoNothing()
      .returning({ id: artifactTable.id }),
  );
  if (rows.length === 0) return false;
  if (object.kind === 'rendered') await draw(target, artifact);
  return true;
}

/**
 * Puts back what a row of the seed still names. A row that names something else meanwhile was
 * repaired or changed.
 */
async function restore(
  target: SeedTarget,
  artifact: SeedArtifact,
  storedUrl: string | null,
): Promise<boolean> {
  const { object } = artifact;
  if (object.kind === 'none') return false;
  if (object.kind === 'rendered') return draw(target, artifact);
  if (storedUrl !== namedUrl(target, artifact)) return false;
  const { isNew, uploadedAt } = await putSeedObject(target, object);
  if (isNew && artifact.fetchedAfterUpload && uploadedAt !== null) {
    const fetchedAt = JSON.stringify(laterThan(uploadedAt));
    const { artifact_metadata: metadata } = artifactTable;
    const moved = sql`jsonb_set(${metadata}, '{market_data_snapshot,fetched_at}', ${fetchedAt}::jsonb)`;
    await guarded('seed.move_fetched_at', async () =>
      target.database
        .update(artifactTable)
        .set({ artifact_metadata: moved })
        .where(and(eq(artifactTable.id, artifact.id), sql`${metadata} ->> 'seed' = ${SEED_MARK}`)),
    );
  }
  return isNew;
}

/**
 * A picture as the product itself draws, stores and enters it. False when it is there, or the row
 * has other bars.
 */
async function draw(target: SeedTarget, { id, columns }: SeedArtifact): Promise<boolean> {
  const { database, store, bucket } = target;
  const source = await createChartSourceRepository(database).find(id);
  const state = source === null ? null : await pictureOf(source, bucket);
  if (source === null || state?.kind !== 'usable') return false;
  const { picture } = state;
  if (picture.snapshotSha256 !== (await snapshotHash(parseBars(snapshotOf(columns).bars))))
    return false;
  const url = objectUrl(target.publicEndpoint, picture.ref);
  const { storedUrl, fingerprint } = source;
  if (storedUrl !== null && (storedUrl !== url || (await store.head(picture.ref)) !== null))
    return false;
  const ledger = createRenderLedger(database);
  const renderer = await target.renderer();
  const draws = createWorkQueue(DRAW_LIMITS);
  const drawing = { store, ledger, renderer, draws, log: silentLog, now: Date.now };
  await redrawChart(drawing, picture, { useStore: true });
  const reason = { reason: 'missing', detail: 'drawn by the seed' } as const;
  await ledger.link({ artifactId: id, renderKey: picture.renderKey, reason, url, fingerprint });
  return true;
}

function rowOf(target: SeedTarget, artifact: SeedArtifact, uploadedAt: Date | null) {
  const { columns, id, pointsAt } = artifact;
  const row: Record<string, unknown> = { ...columns, id };
  const metadata = { ...(columns['artifact_metadata'] as Record<string, unknown>) };
  if (artifact.fetchedAfterUpload && uploadedAt !== null) {
    metadata['market_data_snapshot'] = {
      ...snapshotOf(columns),
      fetched_at: laterThan(uploadedAt),
    };
  }
  const url = namedUrl(target, artifact);
  if (pointsAt?.by === 'metadata') metadata['minio_url'] = url;
  else if (url !== null)
    row['chart_data'] = { ...(columns['chart_data'] as object), minio_url: url };
  return { ...row, artifact_metadata: metadata } as typeof artifactTable.$inferInsert;
}

function namedUrl(
  { publicEndpoint, bucket }: SeedTarget,
  { pointsAt }: SeedArtifact,
): string | null {
  if (pointsAt === undefined) return null;
  return objectUrl(BASES[pointsAt.by] ?? publicEndpoint, { bucket, key: pointsAt.key });
}

function laterThan(uploadedAt: Date): string {
  return new Date(uploadedAt.getTime() + SURELY_LATER_MS).toISOString();
}

function snapshotOf(columns: SeedArtifact['columns']) {
  const metadata = columns['artifact_metadata'] as {
    market_data_snapshot: { symbol: string; timeframe: string; bars: unknown };
  };
  return metadata.market_data_snapshot;
}

/**
 * The seed's ids are given, so the sequence does not know of them. It never goes back, and stays
 * when it is ahead already.
 */
async function advanceSequence(database: Database, seedMax: number): Promise<void> {
  const advance = sql`select setval(sequence, greatest(nextval(sequence), used))
    from (select pg_get_serial_sequence('artifacts', 'id')::regclass as sequence,
      ${seedMax}::int as used) as s
    where coalesce(pg_sequence_last_value(sequence), 0) < used`;
  await guarded('seed.advance_sequence', async () => database.execute(advance));
}
