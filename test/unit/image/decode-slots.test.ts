import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createWorkQueue } from '../../../src/concurrency/work-queue.ts';
import { createDecodeSlots, reserveBody } from '../../../src/image/decode-slots.ts';
import { BODY_LIMITS, DECODE_LIMITS } from '../../../src/image/queue-limits.ts';

describe('decode slots', () => {
  let refused = 0;
  const deferred: Promise<unknown>[] = [];
  const count = (what: string) => {
    if (what === 'refused') refused += 1;
  };
  const slots = () =>
    createDecodeSlots({
      queue: createWorkQueue(DECODE_LIMITS, { count }),
      defer: (work) => deferred.push(work),
    });
  const never = () => new Promise<never>(() => {});
  const open = () => {
    let finish = (_value: string): void => {};
    const work = new Promise<string>((resolve) => (finish = resolve));
    return { work: () => work, finish };
  };
  const fill = (decode: ReturnType<typeof slots>) => {
    for (let i = 0; i < DECODE_LIMITS.running; i++) void decode.run(1, never);
  };

  beforeEach(() => {
    vi.useFakeTimers();
    refused = 0;
    deferred.length = 0;
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('run two at once, and the third when one has ended', async () => {
    const [decode, first, second] = [slots(), open(), open()];
    const started: string[] = [];
    const run = (name: string, work: () => Promise<string>) =>
      decode.run(1, () => {
        started.push(name);
        return work();
      });
    const ended = run('first', first.work);
    void run('second', second.work);
    const third = run('third', async () => 'done');
    await vi.advanceTimersByTimeAsync(500);
    expect(started).toEqual(['first', 'second']);
    first.finish('one');
    await vi.advanceTimersByTimeAsync(50);
    expect([await ended, await third]).toEqual(['one', 'done']);
    expect(refused).toBe(0);
  });

  it('send away who has waited two seconds, with Retry-After', async () => {
    const decode = slots();
    fill(decode);
    const late = decode.run(1, async () => 'never').catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(2_100);
    expect(await late).toMatchObject({ code: 'busy', status: 503 });
    expect(
      ((await late) as { retryAfterSeconds: number }).retryAfterSeconds,
    ).toBeGreaterThanOrEqual(1);
    expect(refused).toBe(1);
  });

  it('send away at once when too many wait, or too much waits with them', async () => {
    const decode = slots();
    fill(decode);
    for (let i = 0; i < DECODE_LIMITS.waiting; i++) decode.run(1, never).catch(() => {});
    await expect(decode.run(1, never)).rejects.toMatchObject({ code: 'busy' });
    const large = slots();
    void large.run(DECODE_LIMITS.bytes - 1, never);
    await expect(large.run(2, never)).rejects.toMatchObject({ code: 'busy' });
  });

  it('are free again after work that failed, and after work that never ends', async () => {
    const decode = slots();
    await expect(decode.run(1, () => Promise.reject(new Error('broken')))).rejects.toThrow(
      'broken',
    );
    fill(decode);
    await vi.advanceTimersByTimeAsync(DECODE_LIMITS.leaseMs + 1);
    expect(await decode.run(1, async () => 'done')).toBe('done');
  });

  it('keep work alive whose client has gone', async () => {
    const [decode, one] = [slots(), open()];
    void decode.run(1, one.work);
    await vi.advanceTimersByTimeAsync(0);
    expect(deferred).toHaveLength(1);
  });
});

describe('files on their way', () => {
  it('are taken on up to so many bytes, and again when one is let go or never comes to its end', () => {
    let now = 0;
    const clock = { now: () => now, wait: async () => {} };
    const bodies = createWorkQueue(BODY_LIMITS, { clock });
    const places = Array.from({ length: 6 }, () => reserveBody(bodies, 10_000_000));
    expect(() => reserveBody(bodies, 10_000_000)).toThrow(
      expect.objectContaining({ code: 'busy' }),
    );
    reserveBody(bodies, 1_000);
    places[0]?.release();
    reserveBody(bodies, 10_000_000);
    expect(() => reserveBody(bodies, 10_000_000)).toThrow(
      expect.objectContaining({ code: 'busy' }),
    );
    now += BODY_LIMITS.leaseMs + 1;
    reserveBody(bodies, 10_000_000);
  });
});
