import { scanJpeg } from '../jpeg/scan-jpeg.ts';
import { hasPngSignature } from '../png/chunk.ts';
import { scanPng, type PngLimits, type PngScan, type PngScanOptions } from '../png/scan-png.ts';
import type { EdgeCache } from '../storage/edge-cache.ts';
import type { DecodeSlots } from './decode-slots.ts';

/** What somebody without a credential may have decoded. */
export const ANONYMOUS_LIMITS: PngLimits = { maxPixels: 5_000_000, maxInterlacedPixels: 5_000_000 };
/**
 * Uploads, stored objects and signed-in callers; an interlaced picture is held whole while it is
 * decoded.
 */
export const SIGNED_IN_LIMITS: PngLimits = {
  maxPixels: 16_000_000,
  maxInterlacedPixels: 5_000_000,
};

/**
 * Decodes a PNG or JPEG once: what was found is kept at the edge under the SHA-256 of the file.
 * With `stopWithoutHash` a picture that can have no pixel hash is left at once, and not said to be
 * whole. Throws `busy`.
 */
export type ScanFile = (
  bytes: Uint8Array<ArrayBuffer>,
  sha256: string,
  options: PngLimits & { readonly stopWithoutHash: boolean },
) => Promise<PngScan>;

const KEPT_SECONDS = 30 * 86_400;
/** Changes with what the scans find. */
const VERSION = 2;

/** A scan that does not depend on limits. */
type Finding = Exclude<PngScan, { kind: 'too_large' }>;

export function createScanFile(deps: {
  readonly edge: EdgeCache;
  readonly slots: DecodeSlots;
  /** Work that may outlive the answer. */
  readonly defer: (work: Promise<unknown>) => void;
}): ScanFile {
  /** A whole scan answers both questions. */
  async function remembered(sha256: string, stopWithoutHash: boolean): Promise<Finding | null> {
    const whole = await deps.edge.getPointer(nameOf(sha256, false));
    if (isFinding(whole)) return whole;
    const partial = stopWithoutHash ? await deps.edge.getPointer(nameOf(sha256, true)) : null;
    return isFinding(partial) ? partial : null;
  }

  return async (bytes, sha256, options) => {
    const known = await remembered(sha256, options.stopWithoutHash);
    if (known !== null) {
      const isTooLarge = known.kind === 'intact' && known.width * known.height > options.maxPixels;
      const reason = `it has more than ${options.maxPixels} pixels`;
      return isTooLarge ? { kind: 'too_large', reason } : known;
    }
    const found = await deps.slots.run(bytes.byteLength, () => scan(bytes, options));
    if (found.kind === 'too_large') return found;
    const isPartial =
      options.stopWithoutHash && found.kind === 'intact' && found.pixelSha256 === null;
    deps.defer(deps.edge.putPointer(nameOf(sha256, isPartial), found, KEPT_SECONDS));
    return found;
  };
}

/** A JPEG has lost the pixels it was made from, so it has no pixel hash. */
async function scan(bytes: Uint8Array<ArrayBuffer>, options: PngScanOptions): Promise<PngScan> {
  if (hasPngSignature(bytes)) return scanPng(bytes, options);
  const found = await scanJpeg(bytes, options);
  return found.kind === 'intact' ? { ...found, pixelSha256: null } : found;
}

function nameOf(sha256: string, isPartial: boolean): string {
  return `scan-${VERSION}-${isPartial ? 'colours' : 'whole'}-${sha256}`;
}

/** An older version of the Worker may have written what lies in the cache. */
function isFinding(value: unknown): value is Finding {
  if (typeof value !== 'object' || value === null) return false;
  const { kind, reason, width, height, pixelSha256 } = value as Record<string, unknown>;
  if (kind === 'damaged') return typeof reason === 'string';
  if (kind !== 'intact' || !Number.isInteger(width) || !Number.isInteger(height)) return false;
  return pixelSha256 === null || (typeof pixelSha256 === 'string' && pixelSha256.length === 64);
}
