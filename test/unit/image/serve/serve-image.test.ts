import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { loadChartAssets } from '../../../../scripts/seed/load-chart-assets.ts';
import { withoutLabel } from '../../../../scripts/seed/without-label.ts';
import { parseBars } from '../../../../src/bars/parse-bars.ts';
import { snapshotHash } from '../../../../src/bars/snapshot-hash.ts';
import { DEFAULT_SPEC } from '../../../../src/chart/chart-spec.ts';
import { createChartRenderer } from '../../../../src/chart/render-chart.ts';
import { createFlights } from '../../../../src/concurrency/share-flight.ts';
import { createWorkQueue } from '../../../../src/concurrency/work-queue.ts';
import type { Picture } from '../../../../src/image/picture.ts';
import { READING_LIMITS, REDRAW_LIMITS } from '../../../../src/image/queue-limits.ts';
import { RENDER_DEADLINE_MS } from '../../../../src/image/redraw/redraw-image.ts';
import type { RenderAnswer } from '../../../../src/image/redraw/render-job.ts';
import type { Pointer } from '../../../../src/image/serve/edge-image.ts';
import type { ImageOutcome, Unchanged } from '../../../../src/image/serve/image-outcome.ts';
import {
  createServeImage,
  imageReader,
  type ImageDependencies,
} from '../../../../src/image/serve/serve-image.ts';
import { silentLog } from '../../../../src/observability/log.ts';
import { scanPng } from '../../../../src/png/scan-png.ts';
import { createMemoryCache } from '../../../../src/storage/memory-cache.ts';
import type { StoredObject } from '../../../../src/storage/object-store.ts';
import { makeBars } from '../../../support/bars.ts';
import {
  BUCKET,
  chartSource,
  greyPng,
  ledgerRow,
  storedObject,
  urlOf,
  usablePicture,
} from '../chart-fixture.ts';

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

describe('what an answer costs', () => {
  const file = greyPng();
  let picture: Picture;
  beforeAll(async () => {
    picture = await usablePicture();
  });

  const pointerTo = (contentKey: string): Pointer => ({
    etag: '"known"',
    contentKey,
    freshness: 'verified',
    snapshotSha256: null,
    renderKey: null,
  });

  /** `near` and `far`: pointers of this isolate and this colo; `cached`: what the colo has. */
  function setUp(
    given: {
      near?: Pointer;
      far?: Pointer;
      cached?: string[];
      storedUrl?: string;
      object?: StoredObject | null;
    } = {},
  ) {
    const asked: string[] = [];
    const storedUrl = given.storedUrl ?? urlOf(picture.ref);
    const object = given.object === undefined ? storedObject({ bytes: file }) : given.object;
    const afterwards: Promise<unknown>[] = [];
    const deps: ImageDependencies = {
      config: { store: { buckets: [BUCKET] } as never, unverifiedObjects: 'serve' },
      sources: {
        find: async (id) => {
          asked.push('row');
          return chartSource({ id, storedUrl, ledger: ledgerRow(picture, file) });
        },
      },
      store: {
        get: async () => {
          asked.push('object');
          return object;
        },
      } as never,
      scanFile: (bytes, _sha256, options) => {
        asked.push('scan');
        return scanPng(bytes, options);
      },
      edge: {
        getImage: async (key: string) => {
          asked.push('edge');
          const isKept = given.cached?.includes(key) === true;
          return isKept ? { bytes: file, contentType: 'image/png' } : null;
        },
        putImage: async () => void asked.push('fill'),
      } as never,
      pointers: {
        near: () => given.near ?? null,
        get: async () => given.far ?? null,
        put: async (_id, { contentKey }) => void asked.push(`pointer to ${contentKey}`),
        drop: async () => {},
      },
      gateOf: () => ({
        render: async () => {
          asked.push('gate');
          return { ok: true, png: file, drawn: true, stored: true };
        },
      }),
      flights: createFlights({ defer: (work) => void afterwards.push(work) }),
      readings: createWorkQueue(READING_LIMITS),
      revalidations: createWorkQueue(READING_LIMITS),
      servedLately: createMemoryCache({ maxEntries: 1, ttlMs: 1_000, now: () => Date.now() }),
      redraws: createWorkQueue(REDRAW_LIMITS),
      log: silentLog,
      now: () => Date.now(),
    };
    const serve = async (knows: (etag: string) => boolean = () => false) => {
      const outcome = await createServeImage(deps)(7, { knows });
      await Promise.all(afterwards);
      return outcome;
    };
    return { serve, asked };
  }
  const knowsAll = () => true;

  it('is nothing for who has what this isolate or this colo served a moment ago', async () => {
    for (const where of ['near', 'far'] as const) {
      const { serve, asked } = setUp({ [where]: pointerTo('k') });
      expect(await serve(knowsAll)).toMatchObject({ kind: 'not_modified', etag: '"known"' });
      expect(asked).toEqual([]);
    }
  });

  it('is a look at the edge while the pointer holds', async () => {
    for (const where of ['near', 'far'] as const) {
      const { serve, asked } = setUp({ [where]: pointerTo('k'), cached: ['k'] });
      expect(await serve()).toMatchObject({ kind: 'image', source: 'edge', bytes: file });
      expect(asked).toEqual(['edge']);
    }
  });

  it('is the row alone for who has the picture that its bars make', async () => {
    const { serve, asked } = setUp();
    expect(await serve((etag) => etag === `"${picture.renderKey}"`)).toMatchObject({
      kind: 'not_modified',
      freshness: 'verified',
    });
    expect(asked).toEqual(['row']);
  });

  it('is the row and the edge for a render that the colo has, and the pointer is put there', async () => {
    const { serve, asked } = setUp({ cached: [picture.renderKey] });
    expect(await serve()).toMatchObject({ source: 'edge', freshness: 'verified', bytes: file });
    expect(asked).toEqual(['row', 'edge', `pointer to ${picture.renderKey}`]);
  });

  it('never is the edge alone when the row names another object', async () => {
    const { serve, asked } = setUp({
      cached: [picture.renderKey],
      storedUrl: 's3://charts/a.png',
    });
    expect(await serve()).toMatchObject({ source: 'store', freshness: 'unverified' });
    expect(asked.slice(0, 3)).toEqual(['row', 'object', 'scan']);
  });

  it('is one statement and one GET for an object that the ledger knows, and no decode', async () => {
    const { serve, asked } = setUp();
    expect(await serve()).toMatchObject({ source: 'store', freshness: 'verified', bytes: file });
    expect(asked).toEqual(['row', 'edge', 'object', 'fill', `pointer to ${picture.renderKey}`]);
  });

  it('is the gate besides for an object that is gone', async () => {
    const { serve, asked } = setUp({ object: null });
    expect(await serve()).toMatchObject({ source: 'rendered', freshness: 'regenerated' });
    expect(asked).toEqual([
      'row',
      'edge',
      'object',
      'gate',
      'fill',
      `pointer to ${picture.renderKey}`,
    ]);
  });

  it('is said from memory when a pointer outlives its bytes', async () => {
    const { serve, asked } = setUp({ near: pointerTo('gone') });
    expect(await serve()).toMatchObject({ source: 'store' });
    expect(asked.slice(0, 3)).toEqual(['edge', 'row', 'edge']);
  });
});

describe('imageReader', () => {
  const facts = {
    etag: '"a"',
    source: 'store',
    freshness: 'verified',
    snapshotSha256: null,
    renderKey: null,
    caching: 'shared',
  } as const;
  const note: Unchanged = { kind: 'not_modified', ...facts };
  const image: ImageOutcome = {
    kind: 'image',
    ...facts,
    bytes: new Uint8Array(1),
    contentType: 'image/png',
  };
  const landed = (value: ImageOutcome) => ({ ok: true, value }) as const;
  const ofA = (etag: string) => etag === '"a"';
  const ofNone = () => false;

  it.each([
    ['waits on', ofNone, null, null, undefined],
    ['waits on when the note is of another picture', ofNone, note, null, undefined],
    ['takes the note', ofA, note, null, note],
    ['takes the note before the image', ofA, note, landed(image), note],
    ['takes the image', ofNone, note, landed(image), image],
    ['takes the image without the bytes it has', ofA, null, landed(image), note],
    ['takes what all were content with', ofA, null, landed(note), note],
    ['flies again when all others were content', ofNone, null, landed(note), undefined],
  ])('%s', (_name, knows, told, settled, answer) => {
    const reader = imageReader({ knows }, async () => ({ value: image }));
    const flight = { note: told, settled } as Parameters<typeof reader.take>[0];
    expect(reader.take(flight, 'follower')).toEqual(answer);
    expect(reader.isContent?.(note)).toBe(knows('"a"'));
    expect(reader.isGone?.()).toBe(false);
  });

  it('is told of a draw as it waited for it, and of one before as of what is stored', () => {
    const drawn = { ...image, source: 'rendered', freshness: 'regenerated' } as const;
    const flights = [null, landed(drawn)].map(
      (settled) => ({ note: null, settled }) as unknown as Parameters<typeof waiting.take>[0],
    );
    const waiting = imageReader({ knows: ofNone }, async () => ({ value: image }));
    expect(flights.map((flight) => waiting.take(flight, 'follower'))).toEqual([undefined, drawn]);
    const [, over] = flights;
    const take = (role: 'leader' | 'follower') =>
      over && imageReader({ knows: ofNone }, async () => ({ value: image })).take(over, role);
    expect(take('leader')).toEqual(drawn);
    expect(take('follower')).toEqual({ ...drawn, source: 'store', freshness: 'verified' });
  });

  it('fails with the flight', () => {
    const error = new Error('down');
    const reader = imageReader({ knows: ofNone, isGone: () => true }, async () => ({
      value: image,
    }));
    const flight = { note: null, settled: { ok: false, error } };
    expect(() => reader.take(flight as Parameters<typeof reader.take>[0], 'leader')).toThrow(error);
    expect(reader.isGone?.()).toBe(true);
  });
});
