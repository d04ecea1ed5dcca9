import { createHash } from 'node:crypto';
import { barsOf } from '../../../src/bars/parse-bars.ts';
import type { ChartSource } from '../../../src/image/chart-source.repository.ts';
import type { ChartRenderRow } from '../../../src/image/ledger/chart-render.table.ts';
import { pictureOf, type Picture } from '../../../src/image/picture.ts';
import type { ObjectRef, StoredObject } from '../../../src/storage/object-store.ts';
import { makeBars } from '../../support/bars.ts';
import { pngFixture } from '../png/png-fixture.ts';

export const BUCKET = 'charts';
export const FETCHED_AT = '2025-06-01T12:00:00Z';
const LATER = new Date('2025-06-02T00:00:00Z');

export const snapshot = {
  symbol: 'TSLA',
  timeframe: 'daily',
  fetched_at: FETCHED_AT,
  bars: makeBars(5, 1),
};

/** A row of `artifacts` as the image path reads it. */
export function chartSource(more: Partial<ChartSource> = {}): ChartSource {
  return {
    id: 7,
    type: 'chart',
    snapshot,
    rowSymbol: null,
    rowTimeframe: null,
    storedUrl: null,
    fingerprint: 'f',
    ledger: null,
    ...more,
  };
}

export function urlOf({ bucket, key }: ObjectRef): string {
  return `s3://${bucket}/${key}`;
}

/** The picture of these bars, as `pictureOf` makes it. */
export async function usablePicture(of: unknown = snapshot): Promise<Picture> {
  const source = chartSource({ snapshot: of });
  const state = await pictureOf(source, BUCKET);
  if (state.kind !== 'usable') throw new TypeError(`bars of ${barsOf(of).kind}`);
  return state.picture;
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** A small PNG that nobody labelled; another one for another shade. */
export function greyPng(shade = 0): Uint8Array<ArrayBuffer> {
  const raw = Uint8Array.from([0, shade, shade, 0, shade, shade]);
  return pngFixture({ width: 2, height: 2, colourType: 0, raw });
}

export function storedObject(more: Partial<StoredObject> = {}): StoredObject {
  const bytes = more.bytes ?? greyPng();
  return {
    bytes,
    byteSize: bytes.byteLength,
    etag: '"e"',
    contentType: 'image/png',
    lastModified: LATER,
    metadata: {},
    ...more,
  };
}

/** The ledger's row of a picture whose file has these bytes. */
export function ledgerRow(picture: Picture, bytes: Uint8Array): ChartRenderRow {
  return {
    render_key: picture.renderKey,
    snapshot_sha256: picture.snapshotSha256,
    png_sha256: sha256(bytes),
    pixel_sha256: 'c'.repeat(64),
    bucket: picture.ref.bucket,
    object_key: picture.ref.key,
    byte_size: bytes.byteLength,
    width: 2,
    height: 2,
    symbol: picture.symbol,
    timeframe: picture.timeframe,
    bar_count: picture.bars.length,
    first_bar: '2020-01-01 00:00:00+00',
    last_bar: '2020-01-05 00:00:00+00',
    renderer: 'r',
    spec: {},
    render_ms: 1,
    plots: null,
    created_at: '2025-06-02 00:00:00+00',
    updated_at: null,
  };
}
