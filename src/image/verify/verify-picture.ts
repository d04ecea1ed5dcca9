import { sha256Hex } from '../../digest.ts';
import { AppError } from '../../errors.ts';
import { hasPngSignature } from '../../png/chunk.ts';
import type { PngLimits, PngScan } from '../../png/scan-png.ts';
import { pngStructure, type PngStructure } from '../../png/structure.ts';
import type { DecodeSlots } from '../decode-slots.ts';
import type { ChartRenderRow } from '../ledger/chart-render.table.ts';
import type { FindRenderDependencies } from '../ledger/find-render.ts';
import { ledgerEntry } from '../ledger/ledger-entry.ts';
import { ANONYMOUS_LIMITS, SIGNED_IN_LIMITS, type ScanFile } from '../scan-file.ts';
import { findChanges } from './find-changes.ts';
import { judgePicture, labelState, rendersWith } from './judge-picture.ts';
import type { ImageVerification } from './verification.schema.ts';

export interface VerifyPictureDependencies extends FindRenderDependencies {
  readonly scanFile: ScanFile;
  readonly slots: DecodeSlots;
}

interface Caller {
  readonly isSignedIn: boolean;
}

/** Chromium and others round what lies between two of 256 steps, each in its own way. */
const FINER_SAMPLES =
  'To 8 bits its pixels are those of the render that the label names, but its samples are finer, ' +
  'and viewers may round them.';
const CHUNKS_MAX = 20;

/**
 * Says which render a PNG from anywhere (a report, a chat) shows and whether a pixel of it was
 * changed. The file the ledger knows is not even decoded; otherwise the pixels decide, not the
 * label. Throws `invalid_input` for what is no intact PNG, `payload_too_large` beyond the caller's
 * limits, `busy`.
 */
export async function verifyPicture(
  deps: VerifyPictureDependencies,
  bytes: Uint8Array<ArrayBuffer>,
  caller: Caller,
): Promise<ImageVerification> {
  if (!hasPngSignature(bytes)) throw notAPng(foreignKind(bytes));
  const structure = structureOf(bytes);
  const sha256 = await sha256Hex(bytes);
  const known = await deps.ledger.findByFile(sha256);
  // What follows the end is judged by its being there; the picture is what comes before it.
  const file = bytes.subarray(0, structure.end);
  const pixels =
    known === null
      ? await decoded(deps.scanFile, file, await hashOf(file, bytes, sha256), caller)
      : { width: known.row.width, height: known.row.height, pixelSha256: known.row.pixel_sha256 };
  const { pixelSha256 } = pixels;
  const { label } = structure;
  const claims = label?.kind === 'read' ? label.provenance : null;
  const found =
    known?.renders ?? (pixelSha256 === null ? [] : await deps.ledger.findByPixels(pixelSha256));
  const claimed = claims === null ? null : await findClaimed(deps, claims.render_key, found);
  const byPixels = rendersWith(pixelSha256, { ofFile: known?.row ?? null, claimed, found });
  const { isOurs: isOurForm, visible } = structure;
  const judgement = judgePicture({ isOurForm, visible, label, pixelSha256, byPixels, claimed });
  const isOfAnother =
    claimed !== null && !byPixels.some((row) => row.render_key === claimed.render_key);
  const [artifacts, claimedArtifacts, changes] = await Promise.all([
    known?.artifacts ?? deps.ledger.shownBy(byPixels.map((row) => row.render_key)),
    isOfAnother ? deps.ledger.shownBy([claimed.render_key]) : [],
    isOfAnother && byPixels.length === 0
      ? findChanges(deps, claimed, file, limitsOf(caller))
      : null,
  ]);
  return {
    verdict: judgement.verdict,
    detail: changes?.pixels === 0 ? FINER_SAMPLES : judgement.detail,
    image: {
      width: pixels.width,
      height: pixels.height,
      byte_size: bytes.byteLength,
      sha256,
      pixel_sha256: pixelSha256,
    },
    chunks: visible.slice(0, CHUNKS_MAX),
    claims: judgement.problems.length === 0 ? claims : null,
    label: {
      state: labelState(label, judgement),
      differences: [...judgement.differences],
      problems: [...judgement.problems],
    },
    pixels_match_claim: claims === null ? null : claims.pixel_sha256 === pixelSha256,
    renders: byPixels.map(ledgerEntry),
    artifacts,
    claimed: isOfAnother ? { render: ledgerEntry(claimed), artifacts: claimedArtifacts } : null,
    changes,
  };
}

/** The pixels' own render is at hand already. */
async function findClaimed(
  { ledger }: VerifyPictureDependencies,
  renderKey: string,
  byPixels: readonly ChartRenderRow[],
): Promise<ChartRenderRow | null> {
  return byPixels.find((row) => row.render_key === renderKey) ?? ledger.find(renderKey);
}

function structureOf(bytes: Uint8Array): PngStructure {
  const structure = pngStructure(bytes);
  if (typeof structure === 'string') throw notAPng(structure);
  return structure;
}

/** Without what follows its end it is another file. */
async function hashOf(
  file: Uint8Array<ArrayBuffer>,
  bytes: Uint8Array<ArrayBuffer>,
  sha256: string,
): Promise<string> {
  return file.byteLength === bytes.byteLength ? sha256 : sha256Hex(file);
}

function limitsOf({ isSignedIn }: Caller): PngLimits {
  return isSignedIn ? SIGNED_IN_LIMITS : ANONYMOUS_LIMITS;
}

async function decoded(
  scanFile: ScanFile,
  file: Uint8Array<ArrayBuffer>,
  sha256: string,
  caller: Caller,
): Promise<PngScan & { kind: 'intact' }> {
  const scan = await scanFile(file, sha256, { ...limitsOf(caller), stopWithoutHash: true });
  if (scan.kind === 'damaged') throw notAPng(scan.reason);
  if (scan.kind === 'intact') return scan;
  const more = caller.isSignedIn ? '' : ' A caller with a token may send larger ones.';
  throw new AppError('payload_too_large', `The PNG is too large: ${scan.reason}.${more}`, {
    fields: [{ field: 'body', message: scan.reason }],
  });
}

function notAPng(reason: string): AppError {
  return new AppError('invalid_input', `This is not an intact PNG: ${reason}.`, {
    fields: [{ field: 'body', message: 'must be an intact PNG' }],
  });
}

function foreignKind(bytes: Uint8Array): string {
  if (bytes.length === 0) return 'it is empty';
  if (bytes[0] === 0xff && bytes[1] === 0xd8) return 'a JPEG has lost pixels and cannot be proved';
  return 'it is neither PNG nor JPEG';
}
