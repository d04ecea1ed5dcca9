import { inspectImage } from '../chart/inspect-image.ts';
import { scanPng } from '../chart/scan-png.ts';
import { sha256Hex } from '../digest.ts';
import { AppError } from '../errors.ts';
import { isoTimestamp } from '../storage/iso-timestamp.ts';
import type { ObjectRef, ObjectStore, StoredObject } from '../storage/object-store.ts';
import { parseStoredUrl } from '../storage/object-ref.ts';
import { assessFreshness } from './assess-freshness.ts';
import type { ChartRenderRow } from './chart-render.table.ts';
import type { ChartSource, ChartSourceRepository } from './chart-source.repository.ts';
import type { ArtifactVerification, ImageVerification } from './image.schema.ts';
import { objectFacts } from './object-facts.ts';
import { fetchedAt, pictureOf, type PictureState } from './picture.ts';
import type { RenderLedger } from './render-ledger.repository.ts';

/** A PNG from anywhere may have this many pixels; they are counted before they are inflated. */
const LIMITS = { maxPixels: 16_000_000, maxInterlacedPixels: 5_000_000 };

export interface VerifyDependencies {
  readonly buckets: readonly [string, ...string[]];
  readonly sources: ChartSourceRepository;
  readonly store: ObjectStore;
  readonly ledger: RenderLedger;
}

/** What is stored for an artifact, what it claims, and whether it matches the row's bars. Draws and changes nothing. */
export async function verifyArtifactImage(
  deps: VerifyDependencies,
  artifactId: number,
): Promise<ArtifactVerification> {
  const source = await deps.sources.find(artifactId);
  if (source === null) throw new AppError('not_found', `There is no artifact ${artifactId}.`);
  if (source.type !== 'chart') {
    throw new AppError(
      'not_a_chart',
      `Artifact ${artifactId} is of type "${source.type}"; only charts have images.`,
    );
  }
  const state = await pictureOf(source, deps.buckets[0]);
  const picture = state.kind === 'usable' ? state.picture : null;
  const named =
    source.storedUrl === null
      ? { problem: 'the row names no image' }
      : parseStoredUrl(source.storedUrl, deps.buckets);
  const [object, ledger] = await Promise.all([
    'ref' in named ? deps.store.get(named.ref) : null,
    picture === null ? null : deps.ledger.find(picture.renderKey),
  ]);
  const facts = object === null ? null : await objectFacts(object);
  const underRenderKey =
    picture !== null &&
    'ref' in named &&
    named.ref.bucket === picture.ref.bucket &&
    named.ref.key === picture.ref.key;
  const { freshness, reason } = assessFreshness({
    object: facts,
    absence: 'problem' in named ? named.problem : 'nothing lies at the place that the row names',
    picture,
    underRenderKey,
    ledgerSha256: underRenderKey ? (ledger?.png_sha256 ?? null) : null,
    fetchedAt: fetchedAt(source.snapshot),
  });
  return {
    artifact_id: artifactId,
    matches: freshness === 'rendered' || freshness === 'attached',
    freshness,
    reason,
    row: rowFacts(source, state),
    object: object === null || !('ref' in named) ? null : await describeObject(named.ref, object),
    ledger: ledger === null ? null : ledgerEntry(ledger),
  };
}

/**
 * Says which render a PNG from anywhere (a report, a chat) shows and whether a pixel of it was changed. The pixels decide,
 * not the label: a picture whose chunk was stripped is still known.
 */
export async function verifyImage(
  deps: VerifyDependencies,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<ImageVerification> {
  const inspection = inspectImage(bytes);
  if (inspection.kind !== 'png') {
    const reason =
      inspection.kind === 'broken' ? inspection.reason : 'a JPEG has lost pixels and cannot be proved';
    throw new AppError('invalid_input', `This is not an intact PNG: ${reason}.`, {
      fields: [{ field: 'body', message: 'must be an intact PNG' }],
    });
  }
  const scan = await scanPng(bytes, { ...LIMITS, stopWithoutHash: true });
  if (scan.kind !== 'intact') {
    const code = scan.kind === 'too_large' ? 'payload_too_large' : 'invalid_input';
    throw new AppError(code, `The PNG cannot be read: ${scan.reason}.`);
  }
  const { width, height, pixelSha256 } = scan;
  const claims = inspection.provenance;
  const [byPixels, claimed] = await Promise.all([
    pixelSha256 === null ? [] : deps.ledger.findByPixels(pixelSha256),
    claims === null ? null : deps.ledger.find(claims.render_key),
  ]);
  const { verdict, detail } = judge(claims, pixelSha256, byPixels, claimed);
  return {
    verdict,
    detail,
    image: {
      width,
      height,
      byte_size: bytes.byteLength,
      sha256: await sha256Hex(bytes),
      pixel_sha256: pixelSha256,
    },
    claims,
    pixels_match_claim: claims === null ? null : claims.pixel_sha256 === pixelSha256,
    renders: byPixels.map(ledgerEntry),
    artifacts: await deps.ledger.shownBy(byPixels.map((row) => row.render_key)),
  };
}

function judge(
  claims: ImageVerification['claims'],
  pixelSha256: string | null,
  byPixels: readonly ChartRenderRow[],
  claimed: ChartRenderRow | null,
): Pick<ImageVerification, 'verdict' | 'detail'> {
  if (byPixels.length > 0) {
    const label = byPixels.find((row) => row.render_key === claims?.render_key);
    if (claims === null) {
      return {
        verdict: 'verified',
        detail: 'Every pixel is as it was drawn here; the label has been removed.',
      };
    }
    if (label !== undefined && label.snapshot_sha256 === claims.snapshot_sha256) {
      return {
        verdict: 'verified',
        detail: 'Every pixel is as it was drawn here, from the bars that the label names.',
      };
    }
    return {
      verdict: 'relabelled',
      detail: 'The pixels were drawn here, but the label is not the one they were given.',
    };
  }
  if (claims === null) {
    return { verdict: 'unknown', detail: 'The image carries no label and its pixels are not in the ledger.' };
  }
  if (claimed !== null || claims.pixel_sha256 !== pixelSha256) {
    return {
      verdict: 'altered',
      detail: 'The pixels are not those that were drawn for the render that the label names.',
    };
  }
  return { verdict: 'unproven', detail: 'Label and pixels agree, but this ledger does not know the render.' };
}

function rowFacts(source: ChartSource, state: PictureState): ArtifactVerification['row'] {
  const picture = state.kind === 'usable' ? state.picture : null;
  return {
    stored_url: source.storedUrl,
    bars: state.kind,
    problems:
      state.kind === 'unusable'
        ? state.error.problems.map(({ field, message }) => ({
            field: `metadata.market_data_snapshot.${field}`,
            message,
          }))
        : [],
    bar_count: picture?.bars.length ?? null,
    snapshot_sha256: picture?.snapshotSha256 ?? null,
    render_key: picture?.renderKey ?? null,
    fetched_at: fetchedAt(source.snapshot)?.toISOString() ?? null,
  };
}

async function describeObject(ref: ObjectRef, object: StoredObject): Promise<ArtifactVerification['object']> {
  const { inspection, sha256, metadataSnapshotSha256 } = await objectFacts(object);
  const claims = inspection.kind === 'broken' ? null : inspection.provenance;
  const pixels = inspection.kind === 'png' ? await readPixels(object.bytes) : null;
  return {
    bucket: ref.bucket,
    key: ref.key,
    kind: inspection.kind,
    width: inspection.kind === 'broken' ? null : inspection.width,
    height: inspection.kind === 'broken' ? null : inspection.height,
    byte_size: object.byteSize,
    etag: object.etag,
    last_modified: object.lastModified?.toISOString() ?? null,
    sha256,
    metadata_snapshot_sha256: metadataSnapshotSha256,
    claims,
    pixel_sha256: pixels,
    pixels_match_claim: claims === null || pixels === null ? null : claims.pixel_sha256 === pixels,
  };
}

/** Null for a PNG whose pixels cannot be had (too many, or a damaged stream behind good checksums) or have no hash. */
async function readPixels(bytes: Uint8Array<ArrayBuffer>): Promise<string | null> {
  const scan = await scanPng(bytes, { ...LIMITS, stopWithoutHash: true });
  return scan.kind === 'intact' ? scan.pixelSha256 : null;
}

function ledgerEntry(row: ChartRenderRow) {
  const { render_key, snapshot_sha256, png_sha256, pixel_sha256, symbol, timeframe, bar_count, renderer } =
    row;
  return {
    render_key,
    snapshot_sha256,
    png_sha256,
    pixel_sha256,
    symbol,
    timeframe,
    bar_count,
    first_bar: isoTimestamp(row.first_bar),
    last_bar: isoTimestamp(row.last_bar),
    renderer,
    created_at: isoTimestamp(row.created_at),
  };
}
