import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createDecodeSlots, DECODES_AT_ONCE } from '../../../src/image/decode-slots.ts';

describe('decode slots', () => {
  let refused = 0;
  const deferred: Promise<unknown>[] = [];
  const slots = () =>
    createDecodeSlots({
      defer: (work) => deferred.push(work),
      onRefused: () => (refused += 1),
      now: () => Date.now(),
    });
  const never = () => new Promise<never>(() => {});
  const open = () => {
    let finish = (_value: string): void => {};
    const work = new Promise<string>((resolve) => (finish = resolve));
    return { work: () => work, finish };
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
    const ended = [first, second].map((one, i) => decode.run(() => (started.push(`${i}`), one.work())));
    const third = decode.run(async () => (started.push('2'), 'third'));
    await vi.advanceTimersByTimeAsync(500);
    expect(started).toEqual(['0', '1']);
    first.finish('first');
    await vi.advanceTimersByTimeAsync(50);
    expect(await third).toBe('third');
    expect(await ended[0]).toBe('first');
    expect(refused).toBe(0);
  });

  it('send away who has waited two seconds, with Retry-After', async () => {
    const decode = slots();
    for (let i = 0; i < DECODES_AT_ONCE; i++) void decode.run(never);
    const late = decode.run(async () => 'never').catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(2_100);
    expect(await late).toMatchObject({ code: 'busy', status: 503, retryAfterSeconds: 2 });
    expect(refused).toBe(1);
  });

  it('send away at once when too many wait', async () => {
    const decode = slots();
    const outcomes = Array.from({ length: DECODES_AT_ONCE + 17 }, () =>
      decode.run(never).catch((error: unknown) => error),
    );
    await vi.advanceTimersByTimeAsync(0);
    expect(refused).toBe(1);
    expect(await outcomes.at(-1)).toMatchObject({ code: 'busy' });
  });

  it('are free again after work that failed, and after work that never ends', async () => {
    const decode = slots();
    await expect(decode.run(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    for (let i = 0; i < DECODES_AT_ONCE; i++) void decode.run(never);
    await vi.advanceTimersByTimeAsync(20_001);
    expect(await decode.run(async () => 'done')).toBe('done');
  });

  it('keep work alive whose client has gone', async () => {
    const [decode, one] = [slots(), open()];
    void decode.run(one.work);
    await vi.advanceTimersByTimeAsync(0);
    expect(deferred).toHaveLength(1);
  });
});
