import type { ObjectRef, ObjectStore, StoredObject } from '../storage/object-store.ts';
import type { ObjectFacts } from './assess-freshness.ts';
import { assessStored, findChart, namedObject } from './assess-stored.ts';
import type { ChartRenderRow } from './chart-render.table.ts';
import type { ChartSource, ChartSourceRepository } from './chart-source.repository.ts';
import type { ArtifactVerification } from './image.schema.ts';
import { ledgerEntry } from './ledger-entry.ts';
import { fetchedAt, pictureOf, type PictureState } from './picture.ts';
import type { RenderLedger } from './render-ledger.repository.ts';
import type { ScanFile } from './scan-file.ts';

export interface VerifyDependencies {
  readonly buckets: readonly [string, ...string[]];
  readonly sources: ChartSourceRepository;
  readonly store: ObjectStore;
  readonly ledger: RenderLedger;
  readonly scanFile: ScanFile;
}

/**
 * What is stored for an artifact, what it claims, and whether it matches the row's bars. Draws and
 * changes nothing.
 */
export async function verifyArtifactImage(
  deps: VerifyDependencies,
  artifactId: number,
): Promise<ArtifactVerification> {
  const source = await findChart(deps.sources, artifactId);
  const state = await pictureOf(source, deps.buckets[0]);
  const picture = state.kind === 'usable' ? state.picture : null;
  const named = namedObject(source, deps.buckets);
  const [object, ledger] = await Promise.all([
    'ref' in named ? deps.store.get(named.ref) : null,
    picture === null ? null : deps.ledger.find(picture.renderKey),
  ]);
  const stored = { source, picture, named, object, ledger };
  const { assessment, facts } = await assessStored(deps.scanFile, stored);
  const { freshness, reason, detail } = assessment;
  return {
    artifact_id: artifactId,
    matches: freshness === 'verified' || freshness === 'attached',
    freshness,
    reason,
    detail,
    row: rowFacts(source, state),
    object:
      object === null || facts === null || !('ref' in named)
        ? null
        : describeObject(named.ref, object, facts, ledger),
    ledger: ledger === null ? null : ledgerEntry(ledger),
  };
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

function describeObject(
  ref: ObjectRef,
  object: StoredObject,
  { inspection, sha256, metadataSnapshotSha256, pixelSha256 }: ObjectFacts,
  ledger: ChartRenderRow | null,
): ArtifactVerification['object'] {
  const claims = inspection.kind === 'broken' ? null : inspection.provenance;
  // The ledger's own file is not decoded: the ledger has its pixels.
  const pixels = pixelSha256 ?? (ledger?.png_sha256 === sha256 ? ledger.pixel_sha256 : null);
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
