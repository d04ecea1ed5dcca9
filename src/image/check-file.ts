import { inspectImage, type ImageInspection } from './inspect-image.ts';
import { SIGNED_IN_LIMITS, type ScanFile } from './scan-file.ts';

/** What a file is after it was decoded whole. */
export interface CheckedFile {
  /** `broken` also when its data is not what its header announces. */
  readonly inspection: ImageInspection;
  /** Of a PNG with at most 256 colours; null otherwise. */
  readonly pixelSha256: string | null;
  /**
   * Null: checked to its last pixel. Otherwise why nobody did: it has more pixels than are decoded
   * here.
   */
  readonly tooLarge: string | null;
}

/**
 * Inspects an upload or a stored object and reads it to its last pixel. `sha256`: of `bytes`.
 * Throws `busy`.
 */
export async function checkFile(
  scanFile: ScanFile,
  bytes: Uint8Array<ArrayBuffer>,
  sha256: string,
): Promise<CheckedFile> {
  const inspection = inspectImage(bytes);
  const checked = { inspection, pixelSha256: null, tooLarge: null };
  if (inspection.kind === 'broken') return checked;
  const scan = await scanFile(bytes, sha256, { ...SIGNED_IN_LIMITS, stopWithoutHash: false });
  switch (scan.kind) {
    case 'intact':
      return { ...checked, pixelSha256: scan.pixelSha256 };
    case 'damaged':
      return { ...checked, inspection: { kind: 'broken', reason: scan.reason } };
    case 'too_large':
      return { ...checked, tooLarge: scan.reason };
  }
}
