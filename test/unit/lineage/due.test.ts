import { describe, expect, it } from 'vitest';
import { dueSubjects, isDue } from '../../../src/lineage/due.ts';
import { ONE, PAGE, type Policy } from '../../../src/lineage/policy.ts';
import { executionKey } from '../../../src/lineage/subject.ts';

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

it('is told of the subjects of records, and of none that is linked', () => {
  const row = (run_id: string | null, execution_id: string | null) => ({
    row: { run_id, execution_id, experiment_id: null, workflow_id: 'w', dag_id: null },
    lookup: null,
  });
  const early = { ...row(null, 'early'), lookup: lookup('pending', 0, FUTURE) };
  const linked = { ...row('r', 'e'), row: { ...row('r', 'e').row, experiment_id: '7' } };
  const records = [row(null, 'e'), row(null, 'e'), early, linked, row('r', null), row(null, null)];
  const keys = ['["execution","w","e"]', '["run","","r"]'];
  expect([...dueSubjects(records, PAGE, NOW)]).toEqual(keys);
  expect([...dueSubjects(records, ONE, NOW)]).toEqual([
    keys[0],
    executionKey('w', 'early'),
    keys[1],
  ]);
});
