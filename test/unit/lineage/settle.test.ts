import { describe, expect, it } from 'vitest';
import { missed, type Outcome } from '../../../src/lineage/outcome.ts';
import {
  asRemembered,
  asWritten,
  isUnfinished,
  missOf,
  type LookFacts,
} from '../../../src/lineage/settle.ts';
import { DATE, execution, REASONS } from './samples.ts';

const subject = execution(DATE, 'w');
const OTHER_FORM = '2025-11-15T13:54:31Z';
const run = {
  runId: 'r1',
  experimentId: '7',
  workflow: 'w',
  executionIds: [DATE, OTHER_FORM],
  facts: null,
};
const LINKED: Outcome = { kind: 'linked', source: 'mlflow', run, conflict: null };
const CONFLICT = missed({ code: 'other_experiment', runId: 'r1', experimentId: '7' });
const at = (executionId: string | null, workflow = 'w') => ({ workflow, executionId });

describe('what was to be linked', () => {
  it.each<[string, ReturnType<typeof at>[], { workflow: string; executionId: string }[], Outcome]>([
    ['and was', [at(DATE)], [], LINKED],
    ['and was, under another form of its id', [at(OTHER_FORM)], [], LINKED],
    [
      'in part',
      [at(DATE)],
      [{ workflow: 'w', executionId: OTHER_FORM }],
      { ...LINKED, conflict: CONFLICT },
    ],
    ['and names another experiment', [], [{ workflow: 'w', executionId: DATE }], CONFLICT],
    ['by somebody else', [], [], { kind: 'changed' }],
    [
      'while another workflow was',
      [at(DATE, 'v')],
      [{ workflow: 'v', executionId: DATE }],
      { kind: 'changed' },
    ],
    ['while another execution was', [at('x'), at(null)], [], { kind: 'changed' }],
  ])('%s', (_, linked, conflicts, outcome) => {
    expect(asWritten(subject, LINKED, { linked, conflicts })).toEqual(outcome);
  });

  it('is no matter of runs without experiment, nor of what was not found', () => {
    const nothing = { linked: [], conflicts: [] };
    expect(asWritten({ kind: 'run', runId: 'r1' }, LINKED, nothing)).toBe(LINKED);
    const miss = missed(REASONS.no_run_yet);
    expect(asWritten(subject, miss, nothing)).toBe(miss);
  });
});

describe('what is remembered', () => {
  const due: LookFacts = { isDue: true, isCounted: false };
  const reader = { remembersPartialLooks: true };
  const repair = { remembersPartialLooks: false };
  const whole = missed(REASONS.no_run_yet);
  const part = missed(REASONS.no_run_yet, 'part');

  it.each<[string, Outcome, typeof reader, LookFacts, boolean]>([
    ['a whole look', whole, reader, due, true],
    ['a whole look of a repair', whole, repair, due, true],
    ['a part of a look', part, reader, due, true],
    ['a part of a repair', part, repair, due, false],
    ['what it was not time for', whole, reader, { ...due, isDue: false }, false],
    ['a look that counts already', whole, repair, { ...due, isCounted: true }, false],
    [
      'news of a look that counts already',
      missed(REASONS.nameless_run),
      repair,
      { ...due, isCounted: true },
      true,
    ],
    ['a run that was found when it was not time', LINKED, reader, { ...due, isDue: false }, true],
  ])('%s: %s', (_, outcome, policy, facts, isKept) => {
    expect(asRemembered(outcome, policy, facts)).toEqual(isKept ? outcome : { kind: 'left' });
  });

  it('is a miss, and what did not take a run that others took', () => {
    expect(missOf(whole)).toBe(whole);
    expect(missOf({ ...LINKED, conflict: CONFLICT })).toBe(CONFLICT);
    expect([missOf(LINKED), missOf({ kind: 'left' }), missOf({ kind: 'changed' })]).toEqual([
      null,
      null,
      null,
    ]);
  });
});

describe('what goes on behind the answer', () => {
  it.each<[string, Outcome, boolean]>([
    ['what nobody came to', { kind: 'left' }, true],
    ['what was not there in the usual way', missed(REASONS.no_run_yet, 'usual'), true],
    ['what a page asked for in part', missed(REASONS.no_run_yet, 'part'), true],
    ['a run that a search left out', missed(REASONS.no_experiment_yet, 'part'), true],
    ['what was looked for in every way', missed(REASONS.no_run_yet), false],
    ['what nobody had time for', missed(REASONS.busy, 'part'), false],
    ['what MLflow failed with', missed(REASONS.mlflow_failed, 'part', 5_000), false],
    ['what cannot be decided', missed(REASONS.nameless_run), false],
    ['what is linked', LINKED, false],
    ['what somebody else has linked', { kind: 'changed' }, false],
  ])('%s: %s', (_, outcome, goesOn) => {
    expect(isUnfinished(outcome)).toBe(goesOn);
  });
});
