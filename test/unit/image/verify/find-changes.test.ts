import { beforeAll, describe, expect, it } from 'vitest';
import type { ChartRenderRow } from '../../../../src/image/ledger/chart-render.table.ts';
import { SIGNED_IN_LIMITS } from '../../../../src/image/scan-file.ts';
import { findChanges } from '../../../../src/image/verify/find-changes.ts';
import { silentLog } from '../../../../src/observability/log.ts';
import { pngFixture } from '../../png/png-fixture.ts';
import { greyPng, ledgerRow, usablePicture } from '../chart-fixture.ts';

const drawn = greyPng(1);
let row: ChartRenderRow;
beforeAll(async () => {
  row = ledgerRow(await usablePicture(), drawn);
});

function deps(cached: Uint8Array<ArrayBuffer> | null) {
  return {
    edge: { getImage: async () => cached && { bytes: cached, contentType: 'image/png' } },
    store: { get: async () => null },
    ledger: { shownBy: async () => [] },
    sources: { find: async () => null },
    buckets: ['charts'],
    slots: { run: (_bytes: number, work: () => Promise<unknown>) => work() },
    serveImage: async () => {
      throw new TypeError('nobody shows it');
    },
    defer: () => {},
    log: silentLog,
  } as unknown as Parameters<typeof findChanges>[0];
}

/** White, with a black pixel in each 32nd column of each 32nd row: as many regions. */
function dotted(side: number, isDotted: boolean) {
  const raw = new Uint8Array((side + 1) * side).fill(255);
  for (let y = 0; y < side; y++) raw[y * (side + 1)] = 0;
  const shade = isDotted ? 0 : 255;
  for (let y = 0; y < side; y += 32) {
    for (let x = 0; x < side; x += 32) raw[y * (side + 1) + 1 + x] = shade;
  }
  return pngFixture({ width: side, height: side, colourType: 0, raw });
}

describe('findChanges', () => {
  it('says where a picture is not what was drawn', async () => {
    expect(await findChanges(deps(drawn), row, greyPng(2), SIGNED_IN_LIMITS)).toEqual({
      comparable: true,
      pixels: 4,
      regions: [
        {
          x: 0,
          y: 0,
          width: 2,
          height: 2,
          pixels: 4,
          panel: null,
          first_bar: null,
          last_bar: null,
        },
      ],
      regions_omitted: 0,
    });
  });

  it('compares nothing of another size', async () => {
    const large = dotted(40, false);
    expect(await findChanges(deps(drawn), row, large, SIGNED_IN_LIMITS)).toEqual({
      comparable: false,
      pixels: null,
      regions: [],
      regions_omitted: 0,
    });
  });

  it('knows nothing when what was drawn is gone', async () => {
    expect(await findChanges(deps(null), row, greyPng(2), SIGNED_IN_LIMITS)).toBeNull();
  });

  it('lists a hundred regions and counts the rest', async () => {
    const clean = dotted(352, false);
    const of = ledgerRow(await usablePicture(), clean);
    const changes = await findChanges(deps(clean), of, dotted(352, true), SIGNED_IN_LIMITS);
    expect(changes?.regions).toHaveLength(100);
    expect(changes).toMatchObject({ pixels: 121, regions_omitted: 21 });
  });
});
