import { describe, expect, it } from 'vitest';
import { DEFAULT_SPEC, RENDERER_VERSION } from '../../../../src/chart/chart-spec.ts';
import { ledgerEntry, newLedgerRow } from '../../../../src/image/ledger/ledger-entry.ts';
import { greyPng, ledgerRow, usablePicture } from '../chart-fixture.ts';

describe('newLedgerRow', () => {
  it('says which bytes and pixels were drawn of which bars, and where they lie', async () => {
    const picture = await usablePicture();
    const png = greyPng();
    const plots = [{ name: 'price', x: 1, y: 2, width: 3, height: 4 }] as const;
    const chart = { png, pixelSha256: 'c'.repeat(64), width: 20, height: 10, plots };
    expect(newLedgerRow(picture, chart, { pngSha256: 'd'.repeat(64), renderMs: 7 })).toEqual({
      render_key: picture.renderKey,
      snapshot_sha256: picture.snapshotSha256,
      png_sha256: 'd'.repeat(64),
      pixel_sha256: 'c'.repeat(64),
      bucket: picture.ref.bucket,
      object_key: picture.ref.key,
      byte_size: png.byteLength,
      width: 20,
      height: 10,
      symbol: 'TSLA',
      timeframe: 'daily',
      bar_count: 5,
      first_bar: '2020-01-01T00:00:00.000Z',
      last_bar: '2020-01-05T00:00:00.000Z',
      renderer: RENDERER_VERSION,
      spec: DEFAULT_SPEC,
      render_ms: 7,
      plots,
    });
  });

  it('is of no picture without bars', async () => {
    const picture = { ...(await usablePicture()), bars: [] };
    const chart = { png: greyPng(), pixelSha256: '', width: 1, height: 1, plots: [] };
    expect(() => newLedgerRow(picture, chart, { pngSha256: '', renderMs: 0 })).toThrow(TypeError);
  });
});

describe('ledgerEntry', () => {
  it('tells times as the wire does, and nothing of where the file lies', async () => {
    const picture = await usablePicture();
    const entry = ledgerEntry(ledgerRow(picture, greyPng()));
    expect(entry).toMatchObject({
      render_key: picture.renderKey,
      first_bar: '2020-01-01T00:00:00+00:00',
      last_bar: '2020-01-05T00:00:00+00:00',
      created_at: '2025-06-02T00:00:00+00:00',
    });
    expect(entry).not.toHaveProperty('object_key');
    expect(entry).not.toHaveProperty('plots');
  });
});
