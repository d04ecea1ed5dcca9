import { eq, inArray, sql } from 'drizzle-orm';
import { artifactTable } from '../../src/artifact/artifact.table.ts';
import { DEFAULT_SPEC, RENDERER_VERSION } from '../../src/chart/chart-spec.ts';
import { parseBars } from '../../src/chart/parse-bars.ts';
import type { ChartRenderer } from '../../src/chart/render-chart.ts';
import { snapshotHash } from '../../src/chart/snapshot-hash.ts';
import { silentLog } from '../../src/observability/log.ts';
import { fingerprintSql } from '../../src/image/chart-source.repository.ts';
import { redrawChart } from '../../src/image/redraw-chart.ts';
import { renderKey, renderObjectRef } from '../../src/image/render-key.ts';
import { createRenderLedger } from '../../src/image/render-ledger.repository.ts';
import type { Database } from '../../src/storage/database.ts';
import type { ObjectStore } from '../../src/storage/object-store.ts';
import { objectUrl } from '../../src/storage/object-ref.ts';
import {
  FOREIGN_HOST,
  LOST_ON_HOST,
  SEED_MARK,
  seedArtifacts,
  type SeedArtifact,
  type SeedObject,
} from './seed-artifacts.ts';
import { TINY_JPEG } from './tiny-jpeg.ts';
import { withoutLabel } from './without-label.ts';

/** Rows that name another host than the one that is seeded. */
const BASES: Readonly<Record<string, string>> = { foreign_host: FOREIGN_HOST, lost: LOST_ON_HOST };

export interface SeedTarget {
  readonly database: Database;
  readonly store: ObjectStore;
  readonly bucket: string;
  /** Base of the URLs that rows name. */
  readonly publicEndpoint: string;
  /** Opened once, and only when something has to be drawn. */
  readonly renderer: () => Promise<ChartRenderer>;
  readonly say: (line: string) => void;
}

export interface SeedReport {
  readonly added: number;
  readonly kept: number;
  /** Ids that somebody else's rows have; they were left alone. */
  readonly skipped: readonly number[];
}

/**
 * Adds what is missing of the seed: objects first, then the rows that name them. What is there stays as it is, so
 * running it twice neither undoes a repair nor touches a row that the seed did not make.
 */
export async function applySeed(target: SeedTarget): Promise<SeedReport> {
  const artifacts = seedArtifacts();
  const present = await presentIds(
    target.database,
    artifacts.map((artifact) => artifact.id),
  );
  let opened: Promise<ChartRenderer> | undefined;
  const renderer = () => (opened ??= target.renderer());
  let added = 0;
  for (const artifact of artifacts) {
    if (present.has(artifact.id)) continue;
    const uploadedAt = await putObject({ ...target, renderer }, artifact);
    await target.database
      .insert(artifactTable)
      .values(rowOf(target, artifact, uploadedAt))
      .onConflictDoNothing();
    if (artifact.object.kind === 'rendered') await drawInto({ ...target, renderer }, artifact);
    added += 1;
    target.say(`  ${String(artifact.id).padStart(2)}  ${artifact.shows}`);
  }
  await advanceSequence(target.database);
  const skipped = [...present].filter(([, isOurs]) => !isOurs).map(([id]) => id);
  return { added, kept: present.size - skipped.length, skipped };
}

/** Ids that are taken, and whether by a row of the seed. */
async function presentIds(database: Database, ids: readonly number[]): Promise<Map<number, boolean>> {
  const rows = await database
    .select({ id: artifactTable.id, mark: sql<string | null>`${artifactTable.artifact_metadata} ->> 'seed'` })
    .from(artifactTable)
    .where(inArray(artifactTable.id, [...ids]));
  return new Map(rows.map(({ id, mark }) => [id, mark === SEED_MARK]));
}

/** Puts what the row names into the bucket; when it was put, as the store tells it. */
async function putObject(target: SeedTarget, { object }: SeedArtifact): Promise<Date | null> {
  if (object.kind === 'none' || object.kind === 'rendered') return null;
  const ref = { bucket: target.bucket, key: object.key };
  const { bytes, contentType, metadata } = await contentOf(target.renderer, object);
  await target.store.put(ref, bytes, { contentType, metadata });
  return (await target.store.head(ref))?.lastModified ?? null;
}

type StoredContent = Exclude<SeedObject, { kind: 'none' } | { kind: 'rendered' }>;

async function contentOf(renderer: SeedTarget['renderer'], object: StoredContent) {
  if (object.kind === 'jpeg') return { bytes: TINY_JPEG, contentType: 'image/jpeg', metadata: {} };
  if (object.kind === 'text') {
    return { bytes: new Uint8Array(Buffer.from(object.text)), contentType: 'image/png', metadata: {} };
  }
  const picture = await pictureOf('charts', object.bars, { symbol: 'SEED', timeframe: 'daily' });
  const { png } = await (await renderer()).render({ ...picture, spec: DEFAULT_SPEC });
  const shown = object.labelled ? png : withoutLabel(png);
  return {
    bytes: object.cut ? shown.slice(0, Math.floor(shown.byteLength / 2)) : shown,
    contentType: 'image/png',
    metadata: object.hashInMetadata ? { 'snapshot-sha256': picture.snapshotSha256 } : {},
  };
}

/** A picture as the product itself draws, stores and enters it. */
async function drawInto(target: SeedTarget, { id, columns }: SeedArtifact): Promise<void> {
  const snapshot = snapshotOf(columns);
  const { symbol, timeframe } = snapshot;
  const picture = await pictureOf(target.bucket, snapshot.bars, { symbol, timeframe });
  const ledger = createRenderLedger(target.database);
  const { store } = target;
  const renderer = await target.renderer();
  await redrawChart({ store, ledger, renderer, log: silentLog, now: Date.now }, picture, { useStore: true });
  const [source] = await target.database
    .select({ fingerprint: fingerprintSql })
    .from(artifactTable)
    .where(eq(artifactTable.id, id));
  await ledger.link({
    artifactId: id,
    renderKey: picture.renderKey,
    reason: { reason: 'missing', detail: 'drawn by the seed' },
    url: objectUrl(target.publicEndpoint, picture.ref),
    fingerprint: source?.fingerprint ?? '',
  });
}

async function pictureOf(bucket: string, rawBars: unknown, name: { symbol: string; timeframe: string }) {
  const bars = parseBars(rawBars);
  const snapshotSha256 = await snapshotHash(bars);
  const key = await renderKey({ snapshotSha256, ...name, spec: DEFAULT_SPEC, renderer: RENDERER_VERSION });
  return { bars, ...name, snapshotSha256, renderKey: key, ref: renderObjectRef(bucket, name, key) };
}

function rowOf(target: SeedTarget, artifact: SeedArtifact, uploadedAt: Date | null) {
  const { columns, id, pointsAt } = artifact;
  const row: Record<string, unknown> = { ...columns, id };
  const metadata = { ...(columns['artifact_metadata'] as Record<string, unknown>) };
  if (artifact.fetchedAfterUpload && uploadedAt !== null) {
    // Last-Modified has whole seconds, so two seconds later is surely later.
    const fetched_at = new Date(uploadedAt.getTime() + 2_000).toISOString();
    metadata['market_data_snapshot'] = { ...snapshotOf(columns), fetched_at };
  }
  if (pointsAt !== undefined) {
    const base = BASES[pointsAt.by] ?? target.publicEndpoint;
    const url = objectUrl(base, { bucket: target.bucket, key: pointsAt.key });
    if (pointsAt.by === 'metadata') metadata['minio_url'] = url;
    else row['chart_data'] = { ...(columns['chart_data'] as object), minio_url: url };
  }
  return { ...row, artifact_metadata: metadata } as typeof artifactTable.$inferInsert;
}

function snapshotOf(columns: SeedArtifact['columns']) {
  const metadata = columns['artifact_metadata'] as {
    market_data_snapshot: { symbol: string; timeframe: string; bars: unknown };
  };
  return metadata.market_data_snapshot;
}

/** Ids were given, so the sequence does not know of them yet. `setval` never goes back here. */
async function advanceSequence(database: Database): Promise<void> {
  await database.execute(sql`select setval(sequence, greatest(nextval(sequence), (select max(id) from artifacts)))
    from (select pg_get_serial_sequence('artifacts', 'id')::regclass as sequence) as s where sequence is not null`);
}
