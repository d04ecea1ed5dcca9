import { inspectImage } from '../chart/inspect-image.ts';
import { sha256Hex } from '../digest.ts';
import type { StoredObject } from '../storage/object-store.ts';
import type { ObjectFacts } from './assess-freshness.ts';

/** Metadata of an object that Chartproof wrote; S3 sends it as `x-amz-meta-…`. */
export const SNAPSHOT_METADATA = 'snapshot-sha256';
export const PIXEL_METADATA = 'pixel-sha256';
export const RENDERER_METADATA = 'renderer';

/** What freshness is judged by: looked at once, by content, never by extension or declared type. */
export async function objectFacts(object: StoredObject): Promise<ObjectFacts> {
  const claim = object.metadata[SNAPSHOT_METADATA]?.trim().toLowerCase() ?? '';
  return {
    inspection: inspectImage(object.bytes),
    sha256: await sha256Hex(object.bytes),
    lastModified: object.lastModified,
    metadataSnapshotSha256: /^[0-9a-f]{64}$/.test(claim) ? claim : null,
  };
}
