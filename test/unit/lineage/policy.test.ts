import { expect, it } from 'vitest';
import { BEHIND, ONE, PAGE, PROBE, REPAIR } from '../../../src/lineage/policy.ts';

it('a reader waits a second and a half, asks nobody who fails, and a page makes three calls', () => {
  for (const { budget } of [ONE, PAGE]) {
    expect(budget).toMatchObject({ lastsMs: 1_500, slowMs: 1_000, ignoresOutage: false });
  }
  expect([ONE.budget.callsMax, PAGE.budget.callsMax]).toEqual([12, 3]);
  expect([ONE.sweep, PAGE.alone]).toEqual([null, null]);
  expect(ONE.alone).toBe('usual');
  expect([ONE, PAGE].map((policy) => policy.isThorough)).toEqual([false, false]);
});

it('a repair asks in every way to the end, whoever fails, and forgets what it broke off', () => {
  expect(REPAIR).toMatchObject({
    budget: { callsMax: 800, lastsMs: 20_000, slowMs: 5_000, ignoresOutage: true },
    sweep: { readsToEnd: true, pagesMax: 4, shareOfTime: 0.5, executionsMin: 1 },
    alone: 'all',
    isThorough: true,
  });
});

it('behind an answer MLflow is asked as by a repair, with no more than a reader may', () => {
  expect(BEHIND.budget).toEqual({ ...ONE.budget, lastsMs: 5_000, slowMs: 5_000 });
  const { trigger, budget, sweep, ...rest } = BEHIND;
  const { trigger: _, budget: __, sweep: ___, ...repair } = REPAIR;
  expect(rest).toEqual(repair);
  expect(trigger).toBe('behind');
  expect(budget.ignoresOutage).toBe(false);
  // One execution needs no search for many.
  expect(sweep).toEqual({ ...REPAIR.sweep, executionsMin: 2 });
});

it('a probe asks a MLflow that fails, too', () => {
  expect(PROBE).toMatchObject({ ignoresOutage: true, lastsMs: 5_000 });
});
