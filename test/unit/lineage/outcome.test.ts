import { describe, expect, it } from 'vitest';
import { finalSentenceOf, sentenceOf } from '../../../src/lineage/outcome-sentences.ts';
import {
  failed,
  missed,
  outcomeLabel,
  statusOf,
  type Outcome,
  type Reason,
} from '../../../src/lineage/outcome.ts';
import { UpstreamFailure } from '../../../src/upstream/upstream-failure.ts';
import { REASONS } from './samples.ts';

describe('a reason', () => {
  it.each<[Reason['code'], string, string]>([
    [
      'no_run_yet',
      'pending',
      'No run of this execution was found in MLflow yet; it is looked for again.',
    ],
    [
      'no_experiment_yet',
      'pending',
      'The experiment of the run that this artifact names was not found in MLflow yet; it is asked again.',
    ],
    [
      'out_of_budget',
      'pending',
      'MLflow answers, but not in time for everything that has to be asked; it is asked again.',
    ],
    [
      'unwritable_id',
      'unresolved',
      'The execution_id holds both kinds of quotation marks, which no MLflow filter can ask for.',
    ],
    [
      'several_workflows_of_dag',
      'unresolved',
      'The artifact names only a DAG, and runs of "a" and "b" have its execution_id there.',
    ],
    [
      'nameless_run',
      'unresolved',
      `A run has this execution's date but names no workflow, and "a" ran at the same time.`,
    ],
    [
      'nameless_artifact',
      'unresolved',
      'The artifact names no workflow, and "a" has artifacts of the same execution_id.',
    ],
    [
      'nameless_artifact_many_runs',
      'unresolved',
      'The artifact names no workflow, and runs of "a" and "b" have its execution_id.',
    ],
    [
      'unknown_sibling_run',
      'unresolved',
      'Another artifact of this execution names run r1, which MLflow does not know.',
    ],
    [
      'other_experiment',
      'unresolved',
      'MLflow has run r1 for this execution, in experiment 7, but the artifact names another experiment.',
    ],
    [
      'unknown_run',
      'unresolved',
      'MLflow does not know the run that this artifact names, so its experiment is not known.',
    ],
    [
      'no_mlflow_id',
      'unresolved',
      'The run_id is not one that MLflow gives, so its experiment is not known.',
    ],
    ['mlflow_failed', 'unavailable', 'MLflow cannot answer now (500).'],
  ])('%s: %s, in a sentence', (code, status, sentence) => {
    const reason = REASONS[code];
    expect(statusOf(reason)).toBe(status);
    expect(sentenceOf(reason)).toBe(sentence);
    if (code !== 'no_run_yet') expect(finalSentenceOf(reason)).toBe(sentence);
  });

  it('says something else of an execution that was looked for often', () => {
    expect(finalSentenceOf(REASONS.no_run_yet)).toBe(
      'MLflow has no run of this execution, however often it was looked for; it is still looked for once an hour. Runs of deleted or unreadable experiments do not show.',
    );
  });

  it('names a few workflows, and of each a part', () => {
    const workflows = ['x'.repeat(61), 'b', 'c', 'd'];
    expect(sentenceOf({ code: 'nameless_run', workflows })).toContain(
      `"${'x'.repeat(60)}" and "b" and "c" ran`,
    );
  });
});

describe('an outcome', () => {
  const run = { runId: 'r', experimentId: '1', workflow: '', executionIds: [], facts: null };

  it.each<[string, Outcome]>([
    ['linked', { kind: 'linked', source: 'mlflow', run, conflict: null }],
    ['sibling', { kind: 'linked', source: 'sibling', run, conflict: null }],
    ['changed', { kind: 'changed' }],
    ['left', { kind: 'left' }],
    ['pending', missed(REASONS.no_run_yet)],
    ['unresolved', missed(REASONS.unknown_run)],
    ['unavailable', missed(REASONS.mlflow_failed)],
  ])('is counted as %s', (label, outcome) => {
    expect(outcomeLabel(outcome)).toBe(label);
  });

  it('of a failure of MLflow waits as long as it asks for, and is no look', () => {
    const down = new UpstreamFailure('down', { retryAfterMs: 9_000 });
    expect(failed(down)).toEqual({
      kind: 'missed',
      reason: { code: 'mlflow_failed', message: 'down' },
      look: 'part',
      waitMs: 9_000,
    });
  });

  it('of a refusal of this one request is a look, because it would be refused again', () => {
    const no = new UpstreamFailure('no', { retryAfterMs: 9_000, isOfThisRequest: true });
    expect(failed(no)).toMatchObject({ look: 'all', waitMs: null });
  });
});
