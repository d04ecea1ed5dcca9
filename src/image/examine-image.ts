import { noArtifact } from '../artifact/artifact.schema.ts';
import { sha256Hex } from '../digest.ts';
import { parseStoredUrl } from '../storage/object-ref.ts';
import type { ObjectRef, ObjectStore, StoredObject } from '../storage/object-store.ts';
import {
  assessFreshness,
  isLedgerFile,
  ledgerRowFor,
  type Assessment,
  type ObjectFacts,
} from './assess-freshness.ts';
import type { ChartSource, ChartSourceRepository } from './chart-source.repository.ts';
import { checkFile } from './check-file.ts';
import { inspectImage } from './inspect-image.ts';
import type { ChartRenderRow } from './ledger/chart-render.table.ts';
import { claimedSnapshot } from './object-metadata.ts';
import { fetchedAt, pictureOf, type Picture, type PictureState } from './picture.ts';
import { notAChart } from './refusals.ts';
import type { ScanFile } from './scan-file.ts';

export interface ExamineDependencies {
  /** Renders belong into the first. */
  readonly buckets: readonly [string, ...string[]];
  readonly sources: ChartSourceRepository;
  readonly store: Pick<ObjectStore, 'get'>;
  readonly scanFile: ScanFile;
  /** What the ledger knows of the row's picture; asked while the object is read. */
  readonly ledgerOf: (row: ChartRow) => Promise<ChartRenderRow | null>;
}

const NOTHING_THERE = 'nothing lies at the place that the row names';

/** One artifact's row, and what follows from it alone. */
export interface ChartRow {
  readonly source: ChartSource;
  readonly state: PictureState;
  /** Of `state`; null when the row has no usable bars. */
  readonly picture: Picture | null;
  readonly named: NamedObject;
}

/** Where the row says its image is, or why that is nowhere we may look. */
export type NamedObject =
  { readonly ref: ObjectRef } | { readonly ref: null; readonly problem: string };

/** An object that was read, and what was found out about it. */
export interface Found {
  readonly ref: ObjectRef;
  readonly object: StoredObject;
  readonly facts: ObjectFacts;
}

/** What is stored for an artifact, and whether it matches the row's bars. */
export interface Examination {
  readonly kind: 'examined';
  readonly row: ChartRow;
  /** Null: nothing lies there. */
  readonly found: Found | null;
  /** As `ledgerOf` answered, whatever the object is. */
  readonly ledger: ChartRenderRow | null;
  readonly assessment: Assessment;
}

/** The store could not be asked. */
export interface Unread {
  readonly kind: 'unread';
  readonly row: ChartRow;
  readonly error: unknown;
}

/**
 * The row of a chart with one statement, its picture and the object it names. Throws `not_found` or
 * `not_a_chart`.
 */
export async function readChart(
  { sources, buckets }: Pick<ExamineDependencies, 'sources' | 'buckets'>,
  artifactId: number,
): Promise<ChartRow> {
  const source = await sources.find(artifactId);
  if (source === null) throw noArtifact(artifactId);
  if (source.type !== 'chart') throw notAChart(artifactId, source.type);
  const state = await pictureOf(source, buckets[0]);
  const picture = state.kind === 'usable' ? state.picture : null;
  return { source, state, picture, named: namedObject(source.storedUrl, buckets) };
}

/** A stored address is only parsed; nothing but our own buckets is ever asked. */
export function namedObject(storedUrl: string | null, buckets: readonly string[]): NamedObject {
  if (storedUrl === null) return { ref: null, problem: 'the row names no image' };
  const parsed = parseStoredUrl(storedUrl, buckets);
  return 'ref' in parsed ? parsed : { ref: null, ...parsed };
}

/**
 * The one judgement of what a row names, for who is shown the image and for who asks what it is:
 * one read of the store, one hash over the bytes. Throws `busy` when the file cannot be decoded
 * now, and what `ledgerOf` throws.
 */
export async function examineImage(
  deps: Pick<ExamineDependencies, 'store' | 'scanFile' | 'ledgerOf'>,
  row: ChartRow,
): Promise<Examination | Unread> {
  const [read, ledger] = await Promise.all([readObject(deps.store, row.named), deps.ledgerOf(row)]);
  if (read.kind === 'unread') return { ...read, row };
  const ownRow = ledgerRowFor(row.named.ref, row.picture, ledger);
  const { stored } = read;
  const found =
    stored === null
      ? null
      : { ...stored, facts: await factsOf(stored.object, ownRow, deps.scanFile) };
  const assessment = assessFreshness({
    object: found?.facts ?? null,
    absence: row.named.ref === null ? row.named.problem : NOTHING_THERE,
    picture: row.picture,
    ledger: ownRow,
    fetchedAt: fetchedAt(row.source.snapshot),
  });
  return { kind: 'examined', row, found, ledger, assessment };
}

type Read =
  | { readonly kind: 'read'; readonly stored: Pick<Found, 'ref' | 'object'> | null }
  | { readonly kind: 'unread'; readonly error: unknown };

async function readObject(store: Pick<ObjectStore, 'get'>, { ref }: NamedObject): Promise<Read> {
  if (ref === null) return { kind: 'read', stored: null };
  try {
    const object = await store.get(ref);
    return { kind: 'read', stored: object === null ? null : { ref, object } };
  } catch (error) {
    return { kind: 'unread', error };
  }
}

/**
 * Looked at once, by content, never by extension or declared type. Only the file that the ledger
 * knows is believed without being decoded: its pixels are those of its row.
 */
async function factsOf(
  object: StoredObject,
  ownRow: ChartRenderRow | null,
  scanFile: ScanFile,
): Promise<ObjectFacts> {
  const sha256 = await sha256Hex(object.bytes);
  const checked =
    ownRow !== null && isLedgerFile(ownRow, sha256)
      ? {
          inspection: inspectImage(object.bytes),
          pixelSha256: ownRow.pixel_sha256,
          tooLarge: null,
        }
      : await checkFile(scanFile, object.bytes, sha256);
  const metadataSnapshotSha256 = claimedSnapshot(object.metadata);
  return { ...checked, sha256, lastModified: object.lastModified, metadataSnapshotSha256 };
}
