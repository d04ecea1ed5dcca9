import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { loadChartAssets } from '../../../scripts/seed/load-chart-assets.ts';
import { withoutLabel } from '../../../scripts/seed/without-label.ts';
import { DEFAULT_SPEC } from '../../../src/chart/chart-spec.ts';
import { createFlights } from '../../../src/concurrency/share-flight.ts';
import { createWorkQueue } from '../../../src/concurrency/work-queue.ts';
import { parseBars } from '../../../src/bars/parse-bars.ts';
import { createChartRenderer } from '../../../src/chart/render-chart.ts';
import { snapshotHash } from '../../../src/bars/snapshot-hash.ts';
import { silentLog } from '../../../src/observability/log.ts';
import { scanPng } from '../../../src/png/scan-png.ts';
import { READING_LIMITS, REDRAW_LIMITS } from '../../../src/image/draw-queue.ts';
import type { RenderAnswer } from '../../../src/image/render-job.ts';
import { RENDER_DEADLINE_MS } from '../../../src/image/redraw-image.ts';
import { createServeImage } from '../../../src/image/serve-image.ts';
import { createMemoryCache } from '../../../src/storage/memory-cache.ts';
import type { StoredObject } from '../../../src/storage/object-store.ts';
import { makeBars } from '../../support/bars.ts';

/** Failures of the gate itself, which nothing real can be made to show on demand. */
describe('when drawing fails', () => {
  const bars = makeBars(30, 1);
  let older: Uint8Array<ArrayBuffer>;

  beforeAll(async () => {
    const parsed = parseBars(bars);
    const renderer = createChartRenderer(await loadChartAssets());
    const name = {
      symbol: 'OLD',
      timeframe: 'daily',
      renderKey: '0'.repeat(32),
      spec: DEFAULT_SPEC,
    };
    const { png } = await renderer.render({
      bars: parsed,
      snapshotSha256: await snapshotHash(parsed),
      ...name,
    });
    older = withoutLabel(png);
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  function serve(render: () => Promise<RenderAnswer>, bytes: Uint8Array<ArrayBuffer> | null) {
    const object: StoredObject | null =
      bytes === null
        ? null
        : {
            bytes,
            byteSize: bytes.byteLength,
            etag: '"e"',
            contentType: 'image/png',
            lastModified: new Date(0),
            metadata: {},
          };
    const snapshot = {
      symbol: 'NEW',
      timeframe: 'daily',
      fetched_at: '2025-01-01T00:00:00Z',
      bars,
    };
    const source = {
      id: 1,
      type: 'chart',
      snapshot,
      rowSymbol: null,
      rowTimeframe: null,
      storedUrl: 's3://charts/a.png',
      fingerprint: 'f',
      ledger: null,
    };
    return createServeImage({
      config: { store: { buckets: ['charts'] } as never, unverifiedObjects: 'serve' },
      sources: { find: async () => source },
      store: { get: async () => object } as never,
      scanFile: (bytes, _sha256, options) => scanPng(bytes, options),
      edge: { getImage: async () => null, putImage: async () => {} } as never,
      pointers: {
        near: () => null,
        get: async () => null,
        put: async () => {},
        drop: async () => {},
      },
      gateOf: () => ({ render }),
      flights: createFlights({ defer: () => {} }),
      readings: createWorkQueue(READING_LIMITS),
      revalidations: createWorkQueue(READING_LIMITS),
      servedLately: createMemoryCache({ maxEntries: 1, ttlMs: 1_000, now: () => Date.now() }),
      redraws: createWorkQueue(REDRAW_LIMITS),
      log: silentLog,
      now: () => Date.now(),
    })(1, { knows: () => false });
  }
  const refused: RenderAnswer = {
    ok: false,
    code: 'render_failed',
    message: 'The chart could not be drawn.',
  };

  it('serves the older picture and says so', async () => {
    const outcome = await serve(async () => refused, older);
    expect(outcome).toMatchObject({
      kind: 'image',
      source: 'stale',
      freshness: 'stale',
      caching: 'revalidate',
      bytes: older,
    });
    expect(outcome.etag).not.toContain('0000');
  });

  it('serves the older picture when the gate breaks', async () => {
    const outcome = await serve(() => Promise.reject(new Error('the object was reset')), older);
    expect(outcome).toMatchObject({ freshness: 'stale' });
  });

  it('fails when there is no older picture, or only a broken one', async () => {
    await expect(serve(async () => refused, null)).rejects.toMatchObject({
      code: 'render_failed',
      status: 500,
    });
    await expect(serve(async () => refused, older.slice(0, 500))).rejects.toMatchObject({
      code: 'render_failed',
    });
  });

  it('waits fifteen seconds and no longer', async () => {
    vi.useFakeTimers();
    const never = vi.fn<() => Promise<RenderAnswer>>(() => new Promise(() => {}));
    const withOlder = serve(never, older);
    const without = serve(never, null);
    const refusal = without.catch((error: unknown) => error);
    // The hashes before the gate are real work, which fake time does not wait for.
    await vi.waitFor(() => expect(never).toHaveBeenCalledTimes(2), { timeout: 5_000 });
    await vi.advanceTimersByTimeAsync(RENDER_DEADLINE_MS);
    expect(await withOlder).toMatchObject({ freshness: 'stale' });
    expect(await refusal).toMatchObject({ code: 'render_timeout', status: 504 });
  });
});
