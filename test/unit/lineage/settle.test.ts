import { describe, expect, it } from 'vitest';
import { missed, type Outcome } from '../../../src/lineage/outcome.ts';
import {
  asRemembered,
  asWritten,
  missedAmong,
  missedOf,
  runsToWrite,
  type LookTerms,
} from '../../../src/lineage/settle.ts';
import type { Subject } from '../../../src/lineage/subject.ts';
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
  const due: LookTerms = { isDue: true, isCounted: false };
  const reader = { isThorough: false };
  const repair = { isThorough: true };
  const whole = missed(REASONS.no_run_yet);
  const part = missed(REASONS.no_run_yet, 'part');

  it.each<[string, Outcome, typeof reader, LookTerms, boolean]>([
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
    expect(missedOf(whole)).toBe(whole);
    expect(missedOf({ ...LINKED, conflict: CONFLICT })).toBe(CONFLICT);
    expect([missedOf(LINKED), missedOf({ kind: 'left' }), missedOf({ kind: 'changed' })]).toEqual([
      null,
      null,
      null,
    ]);
  });

  it('is kept of what it was time to ask for alone', () => {
    const [due, early, found] = ['1', '2', '3'].map((text) => execution(text, 'w'));
    const outcomes = new Map<Subject, Outcome>([
      [due!, whole],
      [early!, whole],
      [found!, LINKED],
      [subject, { ...LINKED, conflict: CONFLICT }],
    ]);
    expect(missedAmong(outcomes, (one) => one !== early)).toEqual([
      { subject: due, missed: whole },
      { subject, missed: CONFLICT },
    ]);
  });
});

describe('a run that is to be written', () => {
  const named = { kind: 'run', runId: 'r1' } as const;
  const bySibling: Outcome = { ...LINKED, source: 'sibling' };

  it.each<[string, Subject, Outcome, ReturnType<typeof runsToWrite>]>([
    ['of an execution', subject, LINKED, { links: [run], completions: [] }],
    ['of an execution, by a sibling', subject, bySibling, { links: [run], completions: [] }],
    ['without experiment', named, LINKED, { links: [], completions: [run] }],
    // It was written when our own rows were asked.
    ['without experiment, by a sibling', named, bySibling, { links: [], completions: [] }],
    [
      'of nothing that was found',
      subject,
      missed(REASONS.no_run_yet),
      { links: [], completions: [] },
    ],
  ])('%s', (_, of, outcome, runs) => {
    expect(runsToWrite(new Map([[of, outcome]]))).toEqual(runs);
  });
});
