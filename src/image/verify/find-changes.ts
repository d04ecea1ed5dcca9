import type { PngLimits } from '../../png/scan-png.ts';
import type { DecodeSlots } from '../decode-slots.ts';
import type { ChartRenderRow } from '../ledger/chart-render.table.ts';
import { findPicture, findRender, type FindRenderDependencies } from '../ledger/find-render.ts';
import { SIGNED_IN_LIMITS } from '../scan-file.ts';
import { comparePictures } from './compare-pictures.ts';
import { locateChange, partBorders } from './locate-change.ts';
import type { ImageVerification } from './verification.schema.ts';

/** A picture that was painted over has few regions; noise all over it has thousands. */
const REGIONS_MAX = 100;

/**
 * Where a picture is not what was drawn for the render that it claims, the largest change first;
 * null when what was drawn cannot be had any more. Throws `busy`.
 */
export async function findChanges(
  deps: FindRenderDependencies & { readonly slots: DecodeSlots },
  claimed: ChartRenderRow,
  file: Uint8Array<ArrayBuffer>,
  limits: PngLimits,
): Promise<ImageVerification['changes']> {
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
