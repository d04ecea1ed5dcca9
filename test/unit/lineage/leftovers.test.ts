import { describe, expect, it } from 'vitest';
import { isUnfinished, leftoversOf } from '../../../src/lineage/leftovers.ts';
import { missed, type Outcome } from '../../../src/lineage/outcome.ts';
import type { Subject } from '../../../src/lineage/subject.ts';
import { UpstreamFailure } from '../../../src/upstream/upstream-failure.ts';
import { execution, REASONS } from './samples.ts';

const run = { runId: 'r1', experimentId: '7', workflow: 'w', executionIds: ['e'], facts: null };
const LINKED: Outcome = { kind: 'linked', source: 'mlflow', run, conflict: null };

describe('what goes on behind the answer', () => {
  it.each<[string, Outcome, boolean]>([
    ['what nobody came to', { kind: 'left' }, true],
    ['what was not there in the usual way', missed(REASONS.no_run_yet, 'usual'), true],
    ['what a page asked for in part', missed(REASONS.no_run_yet, 'part'), true],
    ['a run that a search left out', missed(REASONS.no_experiment_yet, 'part'), true],
    ['what was looked for in every way', missed(REASONS.no_run_yet), false],
    ['what nobody had time for', missed(REASONS.out_of_budget, 'part'), false],
    ['what MLflow failed with', missed(REASONS.mlflow_failed, 'part', 5_000), false],
    ['what cannot be decided', missed(REASONS.nameless_run), false],
    ['what is linked', LINKED, false],
    ['what somebody else has linked', { kind: 'changed' }, false],
  ])('%s: %s', (_, outcome, goesOn) => {
    expect(isUnfinished(outcome)).toBe(goesOn);
  });
});

describe('what a reader leaves', () => {
  const subject = execution('e', 'w');
  const left = (outcome: Outcome, isDue = true, failure: UpstreamFailure | null = null) => {
    const outcomes = new Map<Subject, Outcome>([[subject, outcome]]);
    return leftoversOf({ outcomes, failure }, (one) => isDue && one === subject);
  };

  it.each<[string, Outcome, boolean]>([
    ['what nobody came to', { kind: 'left' }, false],
    ['what a page asked for in part', missed(REASONS.no_run_yet, 'part'), false],
    ['a run that a search left out', missed(REASONS.no_experiment_yet, 'part'), false],
    ['what was not there in the usual way', missed(REASONS.no_run_yet, 'usual'), true],
  ])('%s; that its look counts: %s', (_, outcome, isCounted) => {
    expect(left(outcome)).toEqual([{ subject, isCounted }]);
  });

  it('is nothing that is finished, that has time, or that MLflow fails with', () => {
    expect(left(LINKED)).toEqual([]);
    expect(left({ kind: 'left' }, false)).toEqual([]);
    expect(left({ kind: 'left' }, true, new UpstreamFailure('down'))).toEqual([]);
  });
});
