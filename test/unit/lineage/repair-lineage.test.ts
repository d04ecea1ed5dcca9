import { expect, it } from 'vitest';
import { missed } from '../../../src/lineage/outcome.ts';
import { countChecked, endOf } from '../../../src/lineage/repair-lineage.ts';

/** Nine there were, and ten were allowed. */
const DONE = { failure: null, checked: 9, total: 9, limit: 10 };
const failure = { message: 'MLflow cannot answer now (503).' };

it.each<[string, Parameters<typeof endOf>[0], 'calls' | 'time' | null, string, RegExp | null]>([
  ['all of it', DONE, null, 'finished', null],
  ['all that the limit allows', { ...DONE, total: 10, checked: 10 }, null, 'limit', null],
  ['all of it with the last call', DONE, 'calls', 'finished', null],
  [
    'its calls, although the limit is reached',
    { ...DONE, total: 10, checked: 8 },
    'calls',
    'calls',
    /used up/,
  ],
  ['nothing there', { ...DONE, checked: 0, total: 0 }, null, 'finished', null],
  ['its calls', { ...DONE, checked: 8 }, 'calls', 'calls', /calls.*used up/],
  ['its time', { ...DONE, checked: 8 }, 'time', 'time', /time.*used up/],
  ['the time of a batch', { ...DONE, checked: 8 }, null, 'time', /time/],
  ['MLflow', { ...DONE, failure, checked: 8 }, 'time', 'mlflow', /503/],
  ['MLflow at the last one', { ...DONE, failure }, null, 'mlflow', /503/],
])('a repair ends by %s', (_, looked, usedUp, end, reason) => {
  const ended = endOf(looked, { usedUp: () => usedUp });
  expect(ended.end).toBe(end);
  if (reason === null) expect(ended.reason).toBeNull();
  else expect(ended.reason).toMatch(reason);
});

it('counts what was looked up, whatever came of it', () => {
  const changed = { kind: 'changed' } as const;
  expect(countChecked([changed, { kind: 'left' }, missed({ code: 'no_run_yet' })])).toBe(2);
  expect(countChecked([])).toBe(0);
});
