import { hasPngSignature } from '../png/chunk.ts';
import { pngStructure, type PngStructure } from '../png/structure.ts';
import type { PngLimits, PngScan } from '../png/scan-png.ts';
import { sha256Hex } from '../digest.ts';
import { AppError } from '../errors.ts';
import type { ChartRenderRow } from './chart-render.table.ts';
import { comparePictures } from './compare-pictures.ts';
import type { DecodeSlots } from './decode-slots.ts';
import { findPicture, findRender, type FindRenderDependencies } from './find-render.ts';
import type { ImageVerification } from './verification.schema.ts';
import { judgePicture } from './judge-picture.ts';
import { ledgerEntry } from './ledger-entry.ts';
import { locateChange, partBorders } from './locate-change.ts';
import { ANONYMOUS_LIMITS, SIGNED_IN_LIMITS, type ScanFile } from './scan-file.ts';

export interface VerifyPictureDependencies extends FindRenderDependencies {
  readonly scanFile: ScanFile;
  readonly slots: DecodeSlots;
}

type Wire = ImageVerification;

/** Chromium and others round what lies between two of 256 steps, each in its own way. */
const FINER_SAMPLES =
  'To 8 bits its pixels are those of the render that the label names, but its samples are finer, and viewers may round them.';
/** A picture that was painted over has few regions; noise all over it has thousands. */
const REGIONS_MAX = 100;
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
  caller: { readonly isSignedIn: boolean },
): Promise<Wire> {
  if (!hasPngSignature(bytes)) throw notAPng(foreignKind(bytes));
  const sha256 = await sha256Hex(bytes);
  const [structure, known] = [structureOf(bytes), await deps.ledger.findByFile(sha256)];
  // What follows the end is judged by its being there; the picture is what comes before it.
  const file = bytes.subarray(0, structure.end);
  const limits = caller.isSignedIn ? SIGNED_IN_LIMITS : ANONYMOUS_LIMITS;
  const pixels =
    known === null
      ? intact(
          await deps.scanFile(file, await hashOf(file, bytes, sha256), {
            ...limits,
            stopWithoutHash: true,
          }),
          caller,
        )
      : { width: known.row.width, height: known.row.height, pixelSha256: known.row.pixel_sha256 };
  const { pixelSha256 } = pixels;
  const { label } = structure;
  const claims = label?.kind === 'read' ? label.provenance : null;
  const found =
    known?.renders ?? (pixelSha256 === null ? [] : await deps.ledger.findByPixels(pixelSha256));
  const claimed = claims === null ? null : await findClaimed(deps, claims.render_key, found);
  // Many renders may share their pixels: what the file or its label names comes first, and is never
  // cut off.
  const byPixels = distinct([
    known?.row ?? null,
    claimed?.pixel_sha256 === pixelSha256 ? claimed : null,
    ...found,
  ]);
  const judgement = judgePicture({
    isOurForm: structure.isOurs,
    visible: structure.visible,
    label,
    pixelSha256,
    byPixels,
    claimed,
  });
  const isOfAnother =
    claimed !== null && byPixels.every((row) => row.render_key !== claimed.render_key);
  const [artifacts, claimedArtifacts, changes] = await Promise.all([
    known?.artifacts ?? deps.ledger.shownBy(byPixels.map((row) => row.render_key)),
    isOfAnother ? deps.ledger.shownBy([claimed.render_key]) : [],
    isOfAnother && byPixels.length === 0 ? findChanges(deps, claimed, file, limits) : null,
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
    chunks: structure.visible.slice(0, CHUNKS_MAX),
    claims: judgement.problems.length === 0 ? claims : null,
    label: {
      state: stateOf(label, judgement),
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

function distinct(rows: readonly (ChartRenderRow | null)[]): ChartRenderRow[] {
  return [
    ...new Map(
      rows.flatMap((row) => (row === null ? [] : [[row.render_key, row] as const])),
    ).values(),
  ];
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

function intact(
  scan: PngScan,
  { isSignedIn }: { isSignedIn: boolean },
): PngScan & { kind: 'intact' } {
  if (scan.kind === 'damaged') throw notAPng(scan.reason);
  if (scan.kind === 'intact') return scan;
  const more = isSignedIn ? '' : ' A caller with a token may send larger ones.';
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

function stateOf(
  label: PngStructure['label'],
  { differences, problems }: ReturnType<typeof judgePicture>,
): Wire['label']['state'] {
  if (label === null) return 'absent';
  if (label.kind === 'unreadable' || problems.length > 0) return 'malformed';
  return differences.length > 0 ? 'contradicted' : 'consistent';
}

/** Where the picture is not what was drawn; null when what was drawn cannot be had any more. */
async function findChanges(
  deps: VerifyPictureDependencies,
  claimed: ChartRenderRow,
  file: Uint8Array<ArrayBuffer>,
  limits: PngLimits,
): Promise<Wire['changes']> {
  const drawn = await findRender(deps, claimed);
  if (drawn === null) return null;
  const changes = await deps.slots.run(drawn.bytes.byteLength + file.byteLength, () =>
    comparePictures(
      drawn.bytes,
      file,
      { original: SIGNED_IN_LIMITS, other: limits },
      partBorders(claimed.plots),
    ),
  );
  if (changes.kind !== 'compared') {
    return { comparable: false, pixels: null, regions: [], regions_omitted: 0 };
  }
  const found = await findPicture(deps, claimed);
  const regions = changes.regions
    .slice(0, REGIONS_MAX)
    .map((region) => locateChange(region, claimed.plots, found?.picture.bars ?? null));
  const omitted = Math.max(0, changes.regions.length - REGIONS_MAX);
  return { comparable: true, pixels: changes.pixels, regions, regions_omitted: omitted };
}
