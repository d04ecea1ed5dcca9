import { expect, it } from 'vitest';
import { endOf } from '../../../src/lineage/repair-lineage.ts';

const failure = { message: 'MLflow cannot answer now (503).' };

it.each<[string, Parameters<typeof endOf>[0], 'calls' | 'time' | null, string, RegExp | null]>([
  ['all of it', { failure: null, isAll: true, isWhole: true }, null, 'finished', null],
  [
    'all that the limit allows',
    { failure: null, isAll: true, isWhole: false },
    null,
    'limit',
    null,
  ],
  [
    'all of it with the last call',
    { failure: null, isAll: true, isWhole: true },
    'calls',
    'finished',
    null,
  ],
  ['its calls', { failure: null, isAll: false, isWhole: true }, 'calls', 'calls', /calls.*used up/],
  ['its time', { failure: null, isAll: false, isWhole: true }, 'time', 'time', /time.*used up/],
  ['the time of a batch', { failure: null, isAll: false, isWhole: true }, null, 'time', /time/],
  ['MLflow', { failure, isAll: false, isWhole: true }, 'time', 'mlflow', /503/],
  ['MLflow at the last one', { failure, isAll: true, isWhole: true }, null, 'mlflow', /503/],
])('a repair ends by %s', (_, looked, usedUp, end, reason) => {
  const ended = endOf(looked, { usedUp: () => usedUp });
  expect(ended.end).toBe(end);
  if (reason === null) expect(ended.reason).toBeNull();
  else expect(ended.reason).toMatch(reason);
});
