import type { ObjectStore } from '../../storage/object-store.ts';
import type { ChartSourceRepository } from '../chart-source.repository.ts';
import {
  examineImage,
  readChart,
  type ChartRow,
  type Examination,
  type Found,
} from '../examine-image.ts';
import { ledgerEntry } from '../ledger/ledger-entry.ts';
import type { RenderLedger } from '../ledger/render-ledger.repository.ts';
import { fetchedAt } from '../picture.ts';
import { barProblems } from '../refusals.ts';
import type { ScanFile } from '../scan-file.ts';
import type { ArtifactVerification } from './verification.schema.ts';

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
  const row = await readChart(deps, artifactId);
  const { ledger, store, scanFile } = deps;
  // The row of the picture that the bars make now, wherever the object lies.
  const ledgerOf = async ({ picture }: ChartRow) => picture && ledger.find(picture.renderKey);
  const examined = await examineImage({ store, scanFile, ledgerOf }, row);
  if (examined.kind === 'unread') throw examined.error;
  return describeExamination(examined);
}

/** An examination as it goes over the wire. */
export function describeExamination(examined: Examination): ArtifactVerification {
  const { row, found, ledger } = examined;
  const { freshness, reason, detail } = examined.assessment;
  return {
    artifact_id: row.source.id,
    matches: freshness === 'verified' || freshness === 'attached',
    freshness,
    reason,
    detail,
    row: describeRow(row),
    object: found === null ? null : describeObject(found),
    ledger: ledger === null ? null : ledgerEntry(ledger),
  };
}

function describeRow({ source, state, picture }: ChartRow): ArtifactVerification['row'] {
  return {
    stored_url: source.storedUrl,
    bars: state.kind,
    problems: state.kind === 'unusable' ? barProblems(state.error) : [],
    bar_count: picture?.bars.length ?? null,
    snapshot_sha256: picture?.snapshotSha256 ?? null,
    render_key: picture?.renderKey ?? null,
    fetched_at: fetchedAt(source.snapshot)?.toISOString() ?? null,
  };
}

function describeObject({ ref, object, facts }: Found): ArtifactVerification['object'] {
  const { inspection, pixelSha256 } = facts;
  const picture = inspection.kind === 'broken' ? null : inspection;
  const claims = picture?.provenance ?? null;
  return {
    bucket: ref.bucket,
    key: ref.key,
    kind: inspection.kind,
    width: picture?.width ?? null,
    height: picture?.height ?? null,
    byte_size: object.byteSize,
    etag: object.etag,
    last_modified: object.lastModified?.toISOString() ?? null,
    sha256: facts.sha256,
    metadata_snapshot_sha256: facts.metadataSnapshotSha256,
    claims,
    pixel_sha256: pixelSha256,
    pixels_match_claim:
      claims === null || pixelSha256 === null ? null : claims.pixel_sha256 === pixelSha256,
  };
}
