/** Metadata of an object that Chartproof wrote; S3 sends it as `x-amz-meta-…`. */
export const SNAPSHOT_METADATA = 'snapshot-sha256';
export const PIXEL_METADATA = 'pixel-sha256';
export const RENDERER_METADATA = 'renderer';

/** The snapshot hash that an object's metadata claims; null when it claims none that is a hash. */
export function claimedSnapshot(metadata: Readonly<Record<string, string>>): string | null {
  const claim = metadata[SNAPSHOT_METADATA]?.trim().toLowerCase() ?? '';
  return /^[0-9a-f]{64}$/.test(claim) ? claim : null;
}
