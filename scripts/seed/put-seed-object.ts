import { parseBars } from '../../src/bars/parse-bars.ts';
import { snapshotHash } from '../../src/bars/snapshot-hash.ts';
import { DEFAULT_SPEC, RENDERER_VERSION } from '../../src/chart/chart-spec.ts';
import type { ChartRenderer } from '../../src/chart/render-chart.ts';
import { renderKey } from '../../src/image/picture.ts';
import type { ObjectStore } from '../../src/storage/object-store.ts';
import type { SeedObject } from './seed-artifacts.ts';
import { TINY_JPEG } from './tiny-jpeg.ts';
import { withoutLabel } from './without-label.ts';

/** What of a seeded row is put under a key that the seed chose. */
type StoredContent = Exclude<SeedObject, { kind: 'none' } | { kind: 'rendered' }>;

interface SeedStore {
  readonly store: ObjectStore;
  readonly bucket: string;
  readonly renderer: () => Promise<ChartRenderer>;
}

/**
 * Puts an object where there is none; what lies there stays. `isNew`: it was put. `uploadedAt`: as
 * the store tells it.
 */
export async function putSeedObject(
  target: SeedStore,
  object: StoredContent,
): Promise<{ isNew: boolean; uploadedAt: Date | null }> {
  const ref = { bucket: target.bucket, key: object.key };
  const there = await target.store.head(ref);
  if (there !== null) return { isNew: false, uploadedAt: there.lastModified };
  const { bytes, contentType, metadata } = await contentOf(target.renderer, object);
  const { stored } = await target.store.put(ref, bytes, {
    contentType,
    metadata,
    condition: { ifNoneMatch: '*' },
  });
  return { isNew: stored, uploadedAt: (await target.store.head(ref))?.lastModified ?? null };
}

async function contentOf(renderer: SeedStore['renderer'], object: StoredContent) {
  if (object.kind === 'jpeg') return { bytes: TINY_JPEG, contentType: 'image/jpeg', metadata: {} };
  if (object.kind === 'text') {
    return {
      bytes: new Uint8Array(Buffer.from(object.text)),
      contentType: 'image/png',
      metadata: {},
    };
  }
  const bars = parseBars(object.bars);
  const snapshotSha256 = await snapshotHash(bars);
  const picture = { snapshotSha256, symbol: 'SEED', timeframe: 'daily', spec: DEFAULT_SPEC };
  const key = await renderKey({ ...picture, renderer: RENDERER_VERSION });
  const { png } = await (await renderer()).render({ ...picture, bars, renderKey: key });
  const shown = object.labelled ? png : withoutLabel(png);
  return {
    bytes: object.cut ? shown.slice(0, Math.floor(shown.byteLength / 2)) : shown,
    contentType: 'image/png',
    metadata: object.hashInMetadata ? { 'snapshot-sha256': snapshotSha256 } : {},
  };
}
