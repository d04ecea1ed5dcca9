import { describe, expect, it } from 'vitest';
import { isDue } from '../../../src/lineage/due.ts';
import { ONE, PAGE, type Policy } from '../../../src/lineage/policy.ts';

const NOW = Date.UTC(2026, 0, 5, 12);
const PAST = '2026-01-05 11:59:59.999999+00';
const FUTURE = '2026-01-05 12:00:00.001+00';

type Lookup = Parameters<typeof isDue>[0];
const lookup = (
  status: 'pending' | 'unresolved' | 'unavailable',
  attempts: number,
  at: string | null,
): Lookup => ({ status, attempts, next_check_at: at });

describe('it is time to ask', () => {
  it.each<[string, Lookup, Policy, boolean]>([
    ['for what nobody looked up', null, PAGE, true],
    ['for what has no time', lookup('pending', 1, null), PAGE, true],
    ['when the time has come', lookup('pending', 3, PAST), PAGE, true],
    ['before', lookup('pending', 1, FUTURE), PAGE, false],
    ['before, for one', lookup('pending', 1, FUTURE), ONE, false],
    ['before, for what a page asked in part', lookup('pending', 0, FUTURE), PAGE, false],
    ['before, for what a page asked in part, for one', lookup('pending', 0, FUTURE), ONE, true],
    ['while MLflow fails, for one', lookup('unavailable', 0, FUTURE), ONE, false],
    ['for what cannot be decided, for one', lookup('unresolved', 0, FUTURE), ONE, false],
  ])('%s', (_, remembered, policy, due) => {
    expect(isDue(remembered, policy, NOW)).toBe(due);
  });
});
