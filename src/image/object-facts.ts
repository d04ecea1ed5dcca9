import { inspectImage } from './inspect-image.ts';
import { sha256Hex } from '../digest.ts';
import type { StoredObject } from '../storage/object-store.ts';
import type { ObjectFacts } from './assess-freshness.ts';
import { examineImage } from './examine-image.ts';
import type { ScanFile } from './scan-file.ts';

/** Metadata of an object that Chartproof wrote; S3 sends it as `x-amz-meta-…`. */
export const SNAPSHOT_METADATA = 'snapshot-sha256';
export const PIXEL_METADATA = 'pixel-sha256';
export const RENDERER_METADATA = 'renderer';

/**
 * What freshness is judged by: looked at once, by content, never by extension or declared type.
 * Only the file that the ledger knows (`ledgerSha256`) is believed without being decoded. Throws
 * `busy`.
 */
export async function objectFacts(
  object: StoredObject,
  deps: { readonly scanFile: ScanFile; readonly ledgerSha256: string | null },
): Promise<ObjectFacts> {
  const claim = object.metadata[SNAPSHOT_METADATA]?.trim().toLowerCase() ?? '';
  const sha256 = await sha256Hex(object.bytes);
  const examination =
    sha256 === deps.ledgerSha256
      ? { inspection: inspectImage(object.bytes), pixelSha256: null, tooLarge: null }
      : await examineImage(deps.scanFile, object.bytes, sha256);
  return {
    ...examination,
    sha256,
    lastModified: object.lastModified,
    metadataSnapshotSha256: /^[0-9a-f]{64}$/.test(claim) ? claim : null,
  };
}
