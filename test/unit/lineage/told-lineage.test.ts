import { describe, expect, it } from 'vitest';
import type { Lineage } from '../../../src/artifact/artifact.schema.ts';
import { missed, type Outcome } from '../../../src/lineage/outcome.ts';
import { toldLineage } from '../../../src/lineage/told-lineage.ts';
import { REASONS } from './samples.ts';

const run = { runId: 'r1', experimentId: '7', workflow: 'w', executionIds: ['e'], facts: null };
const found = (source: 'sibling' | 'mlflow'): Outcome => ({
  kind: 'linked',
  source,
  run,
  conflict: null,
});
const LEFT: Outcome = { kind: 'left' };
const CHANGED: Outcome = { kind: 'changed' };
const derived = (status: Lineage['status']): Lineage => ({
  status,
  source: status === 'linked' ? 'stored' : null,
  reason: status === 'linked' ? null : 'as stored',
  checked_at: null,
});
const OUTAGE = { message: 'MLflow cannot answer now (503).' };

describe('where a run is from', () => {
  it.each<[string, Outcome, Lineage['source']]>([
    ['MLflow just now', found('mlflow'), 'mlflow'],
    ['a sibling just now', found('sibling'), 'sibling'],
    ['somebody else meanwhile', CHANGED, 'stored'],
    ['before', LEFT, 'stored'],
  ])('%s', (_, outcome, source) => {
    for (const outage of [null, OUTAGE])
      expect(toldLineage(derived('linked'), outcome, outage)).toEqual({
        ...derived('linked'),
        source,
      });
  });
});

describe('while nobody asks MLflow', () => {
  const unavailable = { ...derived('pending'), status: 'unavailable', reason: OUTAGE.message };

  it('says so of what was to be asked for', () => {
    expect(toldLineage(derived('pending'), LEFT, OUTAGE)).toEqual(unavailable);
  });

  it.each<[string, Lineage['status'], Outcome, typeof OUTAGE | null]>([
    ['it answers, or it was not time to ask', 'pending', LEFT, null],
    ['this look ended before', 'pending', missed(REASONS.no_run_yet), OUTAGE],
    ['somebody else was faster', 'pending', CHANGED, OUTAGE],
    ['a run was found that the row did not take', 'pending', found('mlflow'), OUTAGE],
    ['nothing more can be done', 'unresolved', LEFT, OUTAGE],
    ['the failure is recorded', 'unavailable', LEFT, OUTAGE],
  ])('tells what is stored where %s', (_, status, outcome, outage) => {
    expect(toldLineage(derived(status), outcome, outage)).toEqual(derived(status));
  });
});
