import { expect, it } from 'vitest';
import type { NewArtifact } from '../../../src/artifact/artifact.schema.ts';
import { createAttachImage } from '../../../src/image/attach-image.ts';
import { SNAPSHOT_METADATA } from '../../../src/image/object-metadata.ts';
import { scanPng, type PngScan } from '../../../src/png/scan-png.ts';
import type { ObjectRef, ObjectStore } from '../../../src/storage/object-store.ts';
import { greyPng, snapshot, usablePicture } from './chart-fixture.ts';

function setUp(scan?: PngScan) {
  const puts: { ref: ObjectRef; options: Parameters<ObjectStore['put']>[2] }[] = [];
  const attach = createAttachImage({
    scanFile: async (bytes, _sha256, options) => scan ?? scanPng(bytes, options),
    store: {
      put: async (ref: ObjectRef, _bytes: unknown, options: Parameters<ObjectStore['put']>[2]) => {
        puts.push({ ref, options });
        return { stored: true };
      },
    } as unknown as ObjectStore,
    bucket: 'charts',
    publicEndpoint: 'http://store.test:9000',
  });
  const input = (more: object = {}) => ({ name: 'A', type: 'chart', ...more }) as NewArtifact;
  return { attach, puts, input };
}

it('stores an image with the hash of the bars it came with, and names its place', async () => {
  const { attach, puts, input } = setUp();
  const { snapshotSha256 } = await usablePicture();
  const metadata = { market_data_snapshot: snapshot };
  const named = await attach(input({ metadata, chart_data: { note: 'kept' } }), greyPng());
  const [put] = puts;
  expect(put?.ref.key).toMatch(/^charts\/TSLA\/daily\/attached-[0-9a-f]{32}\.png$/);
  expect(put?.options).toMatchObject({
    contentType: 'image/png',
    metadata: { [SNAPSHOT_METADATA]: snapshotSha256 },
  });
  const url = `http://store.test:9000/charts/${put?.ref.key}`;
  expect(named).toEqual({ chart_data: { note: 'kept', minio_url: url }, image_path: url });
});

it('gives the same picture with other bars, or none, another place', async () => {
  const { attach, puts, input } = setUp();
  const withBars = (symbol: string, bars: unknown) => ({
    metadata: { market_data_snapshot: { ...snapshot, symbol, bars } },
  });
  await attach(input(withBars('TSLA', snapshot.bars)), greyPng());
  await attach(input(withBars('TSLA', snapshot.bars.slice(1))), greyPng());
  await attach(input(withBars('TSLA', null)), greyPng());
  await attach(input(withBars('TSLA', snapshot.bars)), greyPng());
  const keys = puts.map(({ ref }) => ref.key);
  expect(new Set(keys).size).toBe(3);
  expect(keys[3]).toBe(keys[0]);
  expect(puts[2]?.options.metadata).toEqual({});
});

it.each([
  [{}, 'unknown/unknown'],
  [{ symbol: 'ROW', chart_data: { timeframe: '1h' } }, 'ROW/1h'],
  [{ metadata: { market_data_snapshot: { symbol: ' ' } }, symbol: 'ROW' }, 'ROW/unknown'],
  [{ metadata: 'text', symbol: 7 }, 'unknown/unknown'],
])('files %o under %s', async (more, folder) => {
  const { attach, puts, input } = setUp();
  await attach(input(more), greyPng());
  expect(puts[0]?.ref.key.startsWith(`charts/${folder}/attached-`)).toBe(true);
});

it.each<[string, PngScan | undefined, Uint8Array<ArrayBuffer>, string]>([
  ['no image', undefined, new Uint8Array(9), 'invalid_input'],
  ['a broken image', { kind: 'damaged', reason: 'cut' }, greyPng(), 'invalid_input'],
  ['a huge image', { kind: 'too_large', reason: 'pixels' }, greyPng(), 'payload_too_large'],
])('refuses %s and stores nothing', async (_name, scan, bytes, code) => {
  const { attach, puts, input } = setUp(scan);
  await expect(attach(input(), bytes)).rejects.toMatchObject({ code });
  expect(puts).toEqual([]);
});
