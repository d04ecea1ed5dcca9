import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AppError } from '../../../src/errors.ts';
import {
  createMetricFlusher,
  FLUSH_INTERVAL_MS,
} from '../../../src/observability/flush-metrics.ts';
import { silentLog } from '../../../src/observability/log.ts';
import { createMetrics, type MetricBatch } from '../../../src/observability/metrics.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** A database that can be told to refuse, to be silent, or to lose its answer. */
function setUp() {
  const written: MetricBatch[] = [];
  const deferred: Promise<unknown>[] = [];
  const state = { behaviour: 'answers' as 'answers' | 'refuses' | 'is silent' };
  const metrics = createMetrics();
  const flusher = createMetricFlusher({
    metrics,
    write: async (batch) => {
      written.push(batch);
      if (state.behaviour === 'refuses') throw new AppError('database_unavailable', 'It is down.');
      if (state.behaviour === 'is silent') await new Promise(() => {});
    },
    defer: (work) => void deferred.push(work),
    log: silentLog,
    now: () => Date.now(),
  });
  return { metrics, flusher, written, deferred, state };
}

const valuesOf = (batches: readonly MetricBatch[]) =>
  batches.map(({ sequence, counts }) => [sequence, counts.map(({ value }) => value)]);

describe('counts', () => {
  it('wait for one write an interval, whatever their number', async () => {
    const { metrics, written, deferred } = setUp();
    for (let i = 0; i < 1_000; i += 1) metrics.count('draw_failed', {});
    expect([written.length, deferred.length]).toEqual([0, 1]);
    await vi.advanceTimersByTimeAsync(FLUSH_INTERVAL_MS);
    expect(valuesOf(written)).toEqual([[1, [1_000]]]);
    metrics.count('draw_failed', {}, 5);
    expect(deferred).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(FLUSH_INTERVAL_MS);
    expect(valuesOf(written)).toEqual([
      [1, [1_000]],
      [2, [5]],
    ]);
  });

  it('are kept while the database refuses, under the number they were first sent with', async () => {
    const { metrics, flusher, written, deferred, state } = setUp();
    state.behaviour = 'refuses';
    metrics.count('lineage_repaired', {});
    await vi.advanceTimersByTimeAsync(FLUSH_INTERVAL_MS);
    metrics.count('lineage_repaired', {}, 2);
    // It is left alone for a while.
    await vi.advanceTimersByTimeAsync(FLUSH_INTERVAL_MS);
    expect([written.length, deferred.length]).toEqual([1, 1]);
    state.behaviour = 'answers';
    await flusher.flush(1_000);
    expect(valuesOf(written)).toEqual([
      [1, [1]],
      [1, [1]],
      [2, [2]],
    ]);
    expect(new Set(written.map(({ isolate }) => isolate)).size).toBe(1);
  });

  it('are not held up by a write whose request is gone', async () => {
    const { metrics, flusher, written, state } = setUp();
    state.behaviour = 'is silent';
    metrics.count('client_gone', {});
    const asked = flusher.flush(1_000);
    await vi.advanceTimersByTimeAsync(1_000);
    await asked;
    state.behaviour = 'answers';
    await vi.advanceTimersByTimeAsync(20_000);
    const again = flusher.flush(1_000);
    await vi.advanceTimersByTimeAsync(1_000);
    await again;
    expect(valuesOf(written)).toEqual([
      [1, [1]],
      [1, [1]],
    ]);
  });

  it('outside of a request wait for the next one', async () => {
    const metrics = createMetrics();
    let isInRequest = false;
    const deferred: Promise<unknown>[] = [];
    createMetricFlusher({
      metrics,
      write: async () => {},
      defer: (work) => {
        if (!isInRequest) throw new Error('There is no request.');
        deferred.push(work);
      },
      log: silentLog,
      now: () => Date.now(),
    });
    metrics.count('draw_failed', {});
    isInRequest = true;
    metrics.count('draw_failed', {});
    expect(deferred).toHaveLength(1);
  });
});

describe('the list is closed', () => {
  it('counts what it does not know as other, and takes no other label', () => {
    const metrics = createMetrics();
    metrics.count('problem', { code: '/api/artifacts/5' });
    metrics.count('image_served', {
      source: 'edge',
      freshness: 'new word',
      artifact: '5',
    } as never);
    metrics.count('http_request', {
      method: 'PROPFIND',
      route: '/api/artifacts/:id',
      status: '2xx',
    });
    expect(metrics.next()?.counts).toEqual([
      { name: 'problem', labels: { code: 'other' }, value: 1 },
      { name: 'image_served', labels: { source: 'edge', freshness: 'other' }, value: 1 },
      {
        name: 'http_request',
        labels: { method: 'other', route: '/api/artifacts/:id', status: '2xx' },
        value: 1,
      },
    ]);
  });

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])('%s is no count', (n) => {
    const metrics = createMetrics();
    metrics.count('draw_failed', {}, n);
    expect(metrics.next()).toBeNull();
  });

  it('holds so much and no more', () => {
    const metrics = createMetrics();
    for (let i = 0; i < 10_000; i += 1) {
      metrics.count('http_request', { method: 'GET', route: `/made/up/${i}`, status: '2xx' });
    }
    expect(metrics.next()?.counts).toHaveLength(2_000);
  });
});
