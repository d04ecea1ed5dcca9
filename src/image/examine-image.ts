import { inspectImage, type ImageInspection } from './inspect-image.ts';
import type { ScanFile } from './scan-file.ts';
import { SIGNED_IN_LIMITS } from './scan-file.ts';

/** What an image is after it was decoded whole. */
export interface Examination {
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

/** Inspects an upload or a stored object and reads it to its last pixel. Throws `busy`. */
export async function examineImage(
  scanFile: ScanFile,
  bytes: Uint8Array<ArrayBuffer>,
  sha256: string,
): Promise<Examination> {
  const inspection = inspectImage(bytes);
  if (inspection.kind === 'broken') return { inspection, pixelSha256: null, tooLarge: null };
  const scan = await scanFile(bytes, sha256, { ...SIGNED_IN_LIMITS, stopWithoutHash: false });
  switch (scan.kind) {
    case 'intact':
      return { inspection, pixelSha256: scan.pixelSha256, tooLarge: null };
    case 'damaged':
      return {
        inspection: { kind: 'broken', reason: scan.reason },
        pixelSha256: null,
        tooLarge: null,
      };
    case 'too_large':
      return { inspection, pixelSha256: null, tooLarge: scan.reason };
  }
}
