import { beforeAll, describe, expect, it } from 'vitest';
import { AppError } from '../../../../src/errors.ts';
import type { ChartRenderRow } from '../../../../src/image/ledger/chart-render.table.ts';
import {
  findPicture,
  findRender,
  type FindRenderDependencies,
} from '../../../../src/image/ledger/find-render.ts';
import type { Picture } from '../../../../src/image/picture.ts';
import type { ImageOutcome } from '../../../../src/image/serve/image-outcome.ts';
import { silentLog } from '../../../../src/observability/log.ts';
import {
  BUCKET,
  chartSource,
  greyPng,
  ledgerRow,
  snapshot,
  storedObject,
  usablePicture,
} from '../chart-fixture.ts';

const file = greyPng();
const other = greyPng(9);
let picture: Picture;
let row: ChartRenderRow;
beforeAll(async () => {
  picture = await usablePicture();
  row = ledgerRow(picture, file);
});

function setUp(
  given: {
    cached?: Uint8Array<ArrayBuffer>;
    object?: Uint8Array<ArrayBuffer> | Error;
    shownBy?: number[];
    snapshot?: unknown;
    served?: Partial<ImageOutcome>;
  } = {},
) {
  const asked: string[] = [];
  const deps = {
    edge: {
      getImage: async () =>
        given.cached === undefined ? null : { bytes: given.cached, contentType: 'image/png' },
      putImage: async (key: string) => void asked.push(`fill ${key}`),
    },
    store: {
      get: async () => {
        asked.push('object');
        if (given.object instanceof Error) throw given.object;
        return given.object === undefined ? null : storedObject({ bytes: given.object });
      },
    },
    ledger: { shownBy: async () => (given.shownBy ?? []).map((artifact_id) => ({ artifact_id })) },
    sources: {
      find: async (id: number) => {
        asked.push(`row ${id}`);
        const of = given.snapshot === undefined ? snapshot : given.snapshot;
        return id === 0 ? null : chartSource({ id, snapshot: of });
      },
    },
    buckets: [BUCKET],
    serveImage: async (id: number) => {
      asked.push(`serve ${id}`);
      const drawn = { kind: 'image', bytes: file, renderKey: row.render_key };
      return { ...drawn, source: 'rendered', freshness: 'regenerated', ...given.served };
    },
    defer: () => {},
    log: silentLog,
  } as unknown as FindRenderDependencies;
  return { deps, asked };
}

describe('findRender', () => {
  it('takes the file of the ledger from the edge, and asks nobody else', async () => {
    const { deps, asked } = setUp({ cached: file });
    expect(await findRender(deps, row)).toEqual({
      bytes: file,
      source: 'edge',
      freshness: 'verified',
    });
    expect(asked).toEqual([]);
  });

  it('takes it from the store when the edge has another, and fills the edge', async () => {
    const { deps, asked } = setUp({ cached: other, object: file });
    expect(await findRender(deps, row)).toMatchObject({ bytes: file, source: 'store' });
    expect(asked).toEqual(['object', `fill ${row.render_key}`]);
  });

  it('never takes other bytes from the store, but has it drawn where its bars are', async () => {
    const { deps, asked } = setUp({ object: other, shownBy: [7] });
    expect(await findRender(deps, row)).toMatchObject({
      bytes: file,
      source: 'rendered',
      freshness: 'regenerated',
    });
    expect(asked).toEqual(['object', 'row 7', 'serve 7']);
  });

  it('does not look into a bucket that is not ours any more', async () => {
    const { deps, asked } = setUp({ object: file });
    expect(await findRender(deps, { ...row, bucket: 'former' })).toBeNull();
    expect(asked).toEqual([]);
  });

  it.each<[string, Partial<ImageOutcome>]>([
    ['of other bars', { renderKey: '0'.repeat(32) }],
    ['that nobody proved', { freshness: 'attached' }],
    ['that is older', { freshness: 'stale' }],
    ['without bytes', { kind: 'not_modified' }],
  ])('does not take an answer %s', async (_name, served) => {
    const { deps } = setUp({ shownBy: [7], served });
    expect(await findRender(deps, row)).toBeNull();
  });

  it('fails with the store only when nothing else helps', async () => {
    const error = new AppError('store_unavailable', 'down');
    await expect(findRender(setUp({ object: error }).deps, row)).rejects.toBe(error);
    expect(await findRender(setUp({ object: error, shownBy: [7] }).deps, row)).toMatchObject({
      source: 'rendered',
    });
  });

  it('does not have drawn what it was too busy to read', async () => {
    const { deps, asked } = setUp({ object: new AppError('busy', 'too much'), shownBy: [7] });
    await expect(findRender(deps, row)).rejects.toMatchObject({ code: 'busy' });
    expect(asked).toEqual(['object']);
  });
});

describe('findPicture', () => {
  it('looks at the last three artifacts that show it, until one has its bars', async () => {
    const { deps, asked } = setUp({ shownBy: [1, 2, 0, 4] });
    expect(await findPicture(deps, row)).toMatchObject({ source: { id: 2 } });
    expect(asked).toEqual(['row 2']);
    const none = setUp({ shownBy: [1, 2, 0, 4], snapshot: null });
    expect(await findPicture(none.deps, row)).toBeNull();
    expect(none.asked).toEqual(['row 2', 'row 0', 'row 4']);
  });

  it('does not take other bars', async () => {
    const { deps } = setUp({ shownBy: [7], snapshot: { ...snapshot, symbol: 'AAPL' } });
    expect(await findPicture(deps, row)).toBeNull();
  });
});
