import { describe, expect, it } from 'vitest';
import { createBudget, OutOfBudget } from '../../../src/upstream/budget.ts';

const LIMITS = { callsMax: 3, lastsMs: 1_000, slowMs: 100, ignoresOutage: false };

function budgetAt(more = {}) {
  const clock = { ms: 5_000 };
  return { clock, budget: createBudget({ ...LIMITS, ...more }, () => clock.ms) };
}

describe('a budget', () => {
  it('gives so many calls, and says why there are no more', () => {
    const { budget } = budgetAt();
    for (let call = 0; call < 3; call += 1) {
      expect(budget.usedUp()).toBeNull();
      budget.take();
    }
    expect(budget.usedUp()).toBe('calls');
    expect(() => budget.take()).toThrow(OutOfBudget);
    expect(budget.taken()).toBe(3);
  });

  it('gives none when its time is over', () => {
    const { clock, budget } = budgetAt();
    expect(budget.startedAt).toBe(5_000);
    clock.ms += 999;
    expect(budget.msLeft()).toBe(1);
    budget.take();
    clock.ms += 1;
    expect(budget.usedUp()).toBe('time');
    expect(budget.msLeft()).toBe(0);
    expect(() => budget.take()).toThrow(OutOfBudget);
    expect(budget.taken()).toBe(1);
  });

  it('shares its calls with a part of it, which has less time', () => {
    const { clock, budget } = budgetAt();
    const part = budget.within(400);
    expect(part).toMatchObject({ startedAt: 5_000, slowMs: 100, ignoresOutage: false });
    part.take();
    budget.take();
    expect([part.taken(), budget.taken()]).toEqual([2, 2]);
    clock.ms += 400;
    expect(part.usedUp()).toBe('time');
    expect(budget.usedUp()).toBeNull();
    budget.take();
    expect(budget.usedUp()).toBe('calls');
  });

  it('gives a part no more time than there is', () => {
    const { clock, budget } = budgetAt();
    clock.ms += 700;
    expect(budget.within(60_000).msLeft()).toBe(300);
  });

  it('aborts what hangs, and a part before the whole', async () => {
    const { budget } = budgetAt({ lastsMs: 60_000 });
    const part = budget.within(1);
    await new Promise((resolve) => {
      part.signal.addEventListener('abort', resolve);
    });
    expect(part.usedUp()).toBe('time');
    expect(budget.signal.aborted).toBe(false);
  });
});
