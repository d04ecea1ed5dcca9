import { describe, expect, it } from 'vitest';
import { createSemaphore } from '../../../src/upstream/semaphore.ts';

/** A clock that moves when somebody waits. */
function clockOf() {
  const clock = { ms: 0 };
  const wait = async (ms: number) => {
    await new Promise((resolve) => setTimeout(resolve, 0));
    clock.ms += ms;
  };
  return { clock, ticking: { now: () => clock.ms, wait } };
}

const always = () => true;

describe('a semaphore', () => {
  it('has so many places, and gives one that is free to somebody who waits', async () => {
    const { ticking } = clockOf();
    const semaphore = createSemaphore({ places: 2, leaseMs: 1_000_000 }, ticking);
    const inside: number[] = [];
    let most = 0;
    const visit = async (id: number) => {
      const leave = await semaphore.enter(always);
      inside.push(id);
      most = Math.max(most, inside.length);
      await ticking.wait(10);
      inside.splice(inside.indexOf(id), 1);
      leave?.();
      return leave !== null;
    };
    const visits = await Promise.all(Array.from({ length: 20 }, (_, id) => visit(id)));
    expect(visits.every(Boolean)).toBe(true);
    expect(most).toBe(2);
  });

  it('lets go of who is not wanted any longer, with or without a free place', async () => {
    const { clock, ticking } = clockOf();
    const semaphore = createSemaphore({ places: 1, leaseMs: 1_000_000 }, ticking);
    expect(await semaphore.enter(() => false)).toBeNull();
    const leave = await semaphore.enter(always);
    expect(await semaphore.enter(() => clock.ms < 100)).toBeNull();
    leave?.();
    leave?.();
    expect(await semaphore.enter(always)).not.toBeNull();
    expect(await semaphore.enter(() => clock.ms < 200)).toBeNull();
  });

  it('frees a place whose owner never came back', async () => {
    const { clock, ticking } = clockOf();
    const semaphore = createSemaphore({ places: 1, leaseMs: 500 }, ticking);
    const lost = await semaphore.enter(always);
    expect(await semaphore.enter(always)).not.toBeNull();
    expect(clock.ms).toBeGreaterThanOrEqual(500);
    // Who comes back late frees nobody else's place.
    lost?.();
    expect(await semaphore.enter(() => clock.ms < 600)).toBeNull();
  });
});
