import { beforeAll, describe, expect, it } from 'vitest';
import type { ChartRenderer } from '../../../../src/chart/render-chart.ts';
import { createWorkQueue } from '../../../../src/concurrency/work-queue.ts';
import { AppError } from '../../../../src/errors.ts';
import type {
  ChartRenderRow,
  NewChartRenderRow,
} from '../../../../src/image/ledger/chart-render.table.ts';
import {
  PIXEL_METADATA,
  RENDERER_METADATA,
  SNAPSHOT_METADATA,
} from '../../../../src/image/object-metadata.ts';
import type { Picture } from '../../../../src/image/picture.ts';
import { DRAW_LIMITS } from '../../../../src/image/queue-limits.ts';
import { redrawChart, type RedrawDependencies } from '../../../../src/image/redraw/redraw-chart.ts';
import { silentLog } from '../../../../src/observability/log.ts';
import type { PutOptions, StoredObject } from '../../../../src/storage/object-store.ts';
import { greyPng, ledgerRow, sha256, storedObject, usablePicture } from '../chart-fixture.ts';

const ours = greyPng(1);
const theirs = greyPng(2);
let picture: Picture;
beforeAll(async () => {
  picture = await usablePicture();
});

/** A store whose object others may replace before a PUT; `ours` is what is drawn. */
function setUp(
  given: {
    there?: Uint8Array<ArrayBuffer>;
    ledger?: Uint8Array<ArrayBuffer>;
    /** What another writer puts there before our first, second, … PUT. */
    meanwhile?: (Uint8Array<ArrayBuffer> | undefined)[];
    failing?: 'get' | 'put' | 'record' | 'render' | 'busy';
  } = {},
) {
  const asked: string[] = [];
  const stored = (bytes: Uint8Array<ArrayBuffer>) =>
    storedObject({ bytes, etag: `"${sha256(bytes).slice(0, 4)}"` });
  let object: StoredObject | null = given.there === undefined ? null : stored(given.there);
  let row: ChartRenderRow | null =
    given.ledger === undefined ? null : ledgerRow(picture, given.ledger);
  const recorded: NewChartRenderRow[] = [];
  const conditions: PutOptions['condition'][] = [];
  const metadata: PutOptions['metadata'][] = [];
  const meanwhile = [...(given.meanwhile ?? [])];
  const deps = {
    store: {
      get: async () => {
        asked.push('get');
        if (given.failing === 'get') throw new AppError('store_unavailable', 'down');
        if (given.failing === 'busy') throw new AppError('busy', 'too much');
        return object;
      },
      put: async (_ref: unknown, bytes: Uint8Array<ArrayBuffer>, options: PutOptions) => {
        asked.push('put');
        if (given.failing === 'put') throw new AppError('store_unavailable', 'down');
        conditions.push(options.condition);
        metadata.push(options.metadata);
        const others = meanwhile.shift();
        if (others !== undefined) object = stored(others);
        const { condition } = options;
        const holds =
          condition !== undefined && 'ifMatch' in condition
            ? object?.etag === condition.ifMatch
            : object === null;
        if (holds) object = stored(bytes);
        return { stored: holds };
      },
    },
    ledger: {
      find: async () => row,
      record: async (added: NewChartRenderRow) => {
        if (given.failing === 'record') throw new AppError('database_unavailable', 'down');
        recorded.push(added);
        row = ledgerRow(picture, ours);
      },
    },
    renderer: {
      render: async () => {
        asked.push('draw');
        if (given.failing === 'render') throw new Error('out of memory');
        return { png: ours, pixelSha256: 'c'.repeat(64), width: 2, height: 2, plots: [] };
      },
    } as unknown as ChartRenderer,
    draws: createWorkQueue(DRAW_LIMITS),
    log: silentLog,
    now: () => 0,
  } as unknown as RedrawDependencies;
  const redraw = (useStore = true) => redrawChart(deps, picture, { useStore });
  return { redraw, asked, recorded, conditions, metadata };
}

describe('redrawChart', () => {
  it('draws what is not there, writes it only there, and tells the ledger', async () => {
    const { redraw, asked, recorded, conditions, metadata } = setUp();
    expect(await redraw()).toMatchObject({ png: ours, drawn: true, stored: true });
    expect(asked).toEqual(['get', 'draw', 'put']);
    expect(conditions).toEqual([{ ifNoneMatch: '*' }]);
    expect(metadata[0]).toEqual({
      [SNAPSHOT_METADATA]: picture.snapshotSha256,
      [PIXEL_METADATA]: 'c'.repeat(64),
      [RENDERER_METADATA]: expect.any(String),
    });
    expect(recorded).toMatchObject([{ render_key: picture.renderKey, png_sha256: sha256(ours) }]);
  });

  it('takes what is there when it is the ledger’s, and draws nothing', async () => {
    const { redraw, asked } = setUp({ there: theirs, ledger: theirs });
    expect(await redraw()).toEqual({
      png: theirs,
      pngSha256: sha256(theirs),
      drawn: false,
      stored: true,
      renderMs: 0,
    });
    expect(asked).toEqual(['get']);
  });

  it.each([
    ['other bytes than the ledger’s', { there: theirs, ledger: ours }],
    ['bytes that the ledger does not know', { there: theirs }],
  ])('replaces %s, and exactly those', async (_name, given) => {
    const { redraw, conditions } = setUp(given);
    expect(await redraw()).toMatchObject({ png: ours, drawn: true, stored: true });
    expect(conditions).toEqual([{ ifMatch: `"${sha256(theirs).slice(0, 4)}"` }]);
  });

  it('takes the winner’s bytes when the ledger knows them', async () => {
    const { redraw, recorded } = setUp({ ledger: theirs, meanwhile: [theirs] });
    expect(await redraw()).toMatchObject({ png: theirs, drawn: false, stored: true });
    expect(recorded).toEqual([]);
  });

  it('writes over another writer that the ledger does not know', async () => {
    const { redraw, conditions } = setUp({ meanwhile: [theirs] });
    expect(await redraw()).toMatchObject({ png: ours, stored: true });
    expect(conditions).toHaveLength(2);
  });

  it('gives up after three writers, and hands out what it drew', async () => {
    const { redraw, recorded, asked } = setUp({
      meanwhile: [greyPng(3), greyPng(4), greyPng(5), greyPng(6)],
    });
    expect(await redraw()).toMatchObject({ png: ours, drawn: true, stored: false });
    expect(asked.filter((what) => what === 'put')).toHaveLength(3);
    expect(recorded).toEqual([]);
  });

  it.each(['get', 'put', 'record'] as const)(
    'hands out what it drew, as not stored, when %s fails',
    async (failing) => {
      const { redraw } = setUp({ failing });
      expect(await redraw()).toMatchObject({ png: ours, drawn: true, stored: false });
    },
  );

  it('asks and writes nothing when the store has just failed', async () => {
    const { redraw, asked } = setUp({ there: theirs, ledger: theirs });
    expect(await redraw(false)).toMatchObject({ png: ours, drawn: true, stored: false });
    expect(asked).toEqual(['draw']);
  });

  it.each([
    ['render', 'render_failed'],
    ['busy', 'busy'],
  ] as const)('fails with %s as %s', async (failing, code) => {
    await expect(setUp({ failing }).redraw()).rejects.toMatchObject({ code });
  });
});
