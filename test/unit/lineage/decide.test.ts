import { describe, expect, it } from 'vitest';
import { byRows, decideExecution, decideRun, judge } from '../../../src/lineage/decide.ts';
import type { SiblingRow } from '../../../src/lineage/execution-context.ts';
import { matchesAmong, type RunMatch } from '../../../src/lineage/match-run.ts';
import type { Finding } from '../../../src/lineage/outcome.ts';
import { UpstreamFailure } from '../../../src/upstream/upstream-failure.ts';
import { contextFor, DATE, execution, runOf } from './samples.ts';

const subject = execution(DATE, 'w');
const row = (
  runId: string | null,
  experimentId: string | null,
  executionId = DATE,
): SiblingRow => ({
  workflow: 'w',
  executionId,
  runId,
  experimentId,
});
const OPEN = row(null, null);
const linked = (source: string, runId: string, experimentId: string) => ({
  kind: 'linked',
  source,
  run: { runId, experimentId },
  conflict: null,
});
const missed = (code: string, more: object = {}) => ({
  kind: 'missed',
  reason: { code, ...more },
});

describe('an execution, by our own rows', () => {
  it.each<[string, SiblingRow[], object | null]>([
    ['no other row', [OPEN], null],
    ['a linked sibling', [OPEN, row('r1', '1')], linked('sibling', 'r1', '1')],
    ['siblings that agree', [OPEN, row('r1', '1'), row('r1', null)], linked('sibling', 'r1', '1')],
    ['siblings of two runs', [OPEN, row('r1', '1'), row('r2', '1')], null],
    ['siblings of two experiments', [OPEN, row('r1', '1'), row('r1', '2')], null],
    ['a sibling that names another experiment', [row(null, '2'), row('r1', '1')], null],
    ['a run without its experiment', [OPEN, row('r1', null)], null],
    ['an experiment without a run', [row(null, '1')], null],
    ['somebody linked all of them', [row('r1', '1')], { kind: 'changed' }],
    ['somebody removed all of them', [], { kind: 'changed' }],
  ])('%s', (_, siblings, outcome) => {
    const decided = decideExecution(subject, contextFor(subject, { siblings }), null);
    if (outcome === null) expect(decided).toBeNull();
    else expect(decided).toMatchObject(outcome);
  });

  it('gives the run of a sibling to every text of the execution', () => {
    const siblings = [OPEN, row('r1', '1', '2025-11-15T13:54:31Z')];
    expect(decideExecution(subject, contextFor(subject, { siblings }), null)).toMatchObject({
      run: { workflow: 'w', executionIds: [DATE, '2025-11-15T13:54:31Z'], facts: null },
    });
  });

  it('is not asked for where no filter could ask, unless a sibling knows', () => {
    const odd = execution(`both ' and "`, 'w');
    expect(decideExecution(odd, contextFor(odd), null)).toMatchObject({
      ...missed('unwritable_id'),
      look: 'all',
    });
    const siblings = [OPEN, row('r1', '1')];
    expect(decideExecution(odd, contextFor(odd, { siblings }), null)?.kind).toBe('linked');
  });
});

describe('an execution, by what MLflow gave', () => {
  const own = runOf({ workflow_id: 'w', execution_id: DATE, airflow_run_id: 'x' });
  const nameless = runOf({ execution_date: DATE }, { runId: 'run-2' });
  const found = (runs = [own], ways: 'usual' | 'all' = 'all', of = subject): Finding => ({
    kind: 'matches',
    matches: matchesAmong(of, runs),
    ways,
  });
  const failure = new UpstreamFailure('down', { retryAfterMs: 9_000 });
  const refusal = new UpstreamFailure('no', { isOfThisRequest: true });

  it.each<[string, Finding, object]>([
    ['its run', found(), linked('mlflow', 'run-1', '7')],
    ['nothing, in every way', found([]), { ...missed('no_run_yet'), look: 'all' }],
    ['nothing, in the usual way', found([], 'usual'), { ...missed('no_run_yet'), look: 'usual' }],
    [
      'a sure run',
      { kind: 'certain', match: matchesAmong(subject, [own])[0]! },
      linked('mlflow', 'run-1', '7'),
    ],
    ['a part of an answer', { kind: 'partial' }, { ...missed('no_run_yet'), look: 'part' }],
    [
      'no time',
      { kind: 'out_of_budget' },
      { ...missed('out_of_budget'), look: 'part', waitMs: null },
    ],
    ['nobody asked', { kind: 'unasked' }, { kind: 'left' }],
    [
      'a failure',
      { kind: 'failed', failure },
      { ...missed('mlflow_failed', { message: 'down' }), look: 'part', waitMs: 9_000 },
    ],
    [
      'a refusal',
      { kind: 'failed', failure: refusal },
      { ...missed('mlflow_failed'), look: 'all' },
    ],
  ])('%s', (_, finding, outcome) => {
    expect(decideExecution(subject, contextFor(subject), finding)).toMatchObject(outcome);
  });

  it.each<[string, string | null, object]>([
    ['its experiment', 'r1', linked('sibling', 'r1', '7')],
    ['nothing', null, missed('unknown_sibling_run', { runId: 'r1' })],
    ['another run', 'r2', missed('unknown_sibling_run', { runId: 'r1' })],
  ])('of the run that siblings name: %s', (_, runId, outcome) => {
    const context = contextFor(subject, { siblings: [OPEN, row('r1', null)] });
    const finding = { kind: 'named', run: runId === null ? null : runOf({}, { runId }) } as const;
    expect(decideExecution(subject, context, finding)).toMatchObject(outcome);
  });

  it.each<[string, string[], string[], Parameters<typeof runOf>[0][], object]>([
    [
      'a run of its own workflow comes first',
      ['w'],
      ['v'],
      [{ execution_date: DATE }, { workflow_id: 'w', execution_id: DATE }],
      { kind: 'linked' },
    ],
    [
      'a nameless run, nobody else there',
      ['w'],
      [],
      [{ execution_date: DATE }],
      { kind: 'linked' },
    ],
    [
      'a nameless run, another workflow there',
      ['w'],
      ['v'],
      [{ execution_date: DATE }],
      missed('nameless_run', { workflows: ['v'] }),
    ],
    [
      'a nameless artifact, runs of one workflow',
      [],
      [],
      [{ workflow_id: 'v', execution_id: DATE }],
      { kind: 'linked' },
    ],
    [
      'a nameless artifact, artifacts of another workflow',
      [],
      ['u'],
      [{ workflow_id: 'v', execution_id: DATE }],
      missed('nameless_artifact', { workflows: ['u'] }),
    ],
    [
      'a nameless artifact, artifacts of the same workflow',
      [],
      ['v'],
      [{ workflow_id: 'v', execution_id: DATE }],
      { kind: 'linked' },
    ],
    [
      'a nameless artifact, runs of two workflows',
      [],
      [],
      [
        { workflow_id: 'v', execution_id: DATE },
        { workflow_id: 'u', execution_id: DATE },
      ],
      missed('nameless_artifact_many_runs'),
    ],
  ])('%s', (_, workflows, otherWorkflows, tags, outcome) => {
    const of = execution(DATE, ...workflows);
    const runs = tags.map((one, i) => runOf(one, { runId: `run-${i}` }));
    const context = contextFor(of, { otherWorkflows });
    expect(decideExecution(of, context, found(runs, 'all', of))).toMatchObject(outcome);
  });

  it('of an artifact that names a DAG alone is a guess where two workflows run it', () => {
    const of = { ...execution(DATE, 'dag'), workflowId: null };
    const runs = ['a', 'b'].map((workflow_id) =>
      runOf({ workflow_id, airflow_dag_id: 'dag', execution_id: DATE }, { runId: workflow_id }),
    );
    expect(decideExecution(of, contextFor(of), found(runs, 'all', of))).toMatchObject(
      missed('several_workflows_of_dag', { workflows: ['a', 'b'] }),
    );
    expect(decideExecution(of, contextFor(of), found([runs[0]!], 'all', of))?.kind).toBe('linked');
  });

  it('keeps what the run says of Airflow, and the tag by which it was recognised', () => {
    const run = runOf({ airflow_dag_id: 'w', airflow_run_id: `manual__${DATE.replace(' ', 'T')}` });
    expect(decideExecution(subject, contextFor(subject), found([run]))).toMatchObject({
      run: {
        facts: {
          shape: 'airflow_run_id',
          airflowDagId: 'w',
          airflowRunId: 'manual__2025-11-15T13:54:31+00:00',
        },
      },
    });
  });

  it('links only the texts that the run stands for as surely', () => {
    const run = runOf({ workflow_id: 'w', execution_id: DATE });
    const decided = decideExecution(subject, contextFor(subject), found([run]));
    const executionIds = decided?.kind === 'linked' ? decided.run.executionIds : [];
    expect(executionIds).toContain('2025-11-15T13:54:31Z');
    expect(executionIds.filter((text) => text.startsWith('manual__'))).toEqual([]);
    expect(decideExecution(subject, contextFor(subject), found([nameless]))?.kind).toBe('linked');
  });
});

describe('of the runs that match', () => {
  const match = (runId: string, namesWorkflow: boolean, tags: Record<string, string> = {}) => {
    const run = runOf({ execution_id: DATE, ...tags }, { runId });
    return { run, shape: 'execution_id', rank: 2, namesWorkflow } satisfies RunMatch;
  };
  const byDag = (runId: string, workflow_id: string) =>
    match(runId, true, { workflow_id, airflow_dag_id: 'd' });
  const unnamed = match('run-1', false);
  const b = match('b', false, { workflow_id: 'b' });
  const c = match('c', false, { workflow_id: 'c' });
  const both = execution(DATE, 'w', 'd');
  const dagAlone = { ...execution(DATE, 'd'), workflowId: null };
  const toLink = (runId: string) => ({ kind: 'linked', run: { runId } });

  it.each<[string, typeof both, string[], RunMatch[], object]>([
    ['none', both, [], [], missed('no_run_yet')],
    [
      'one that names no workflow, where another ran, is a guess',
      execution(DATE, 'a'),
      ['b'],
      [unnamed],
      missed('nameless_run', { workflows: ['b'] }),
    ],
    ['one that names no workflow, alone', execution(DATE, 'a'), [], [unnamed], toLink('run-1')],
    [
      'two workflows, where the artifact names none, is a guess',
      execution(DATE),
      [],
      [b, c],
      missed('nameless_artifact_many_runs', { workflows: ['b', 'c'] }),
    ],
    ['one workflow, where the artifact names none', execution(DATE), [], [b], toLink('b')],
    [
      'two workflows of one DAG, where the artifact names its workflow',
      both,
      [],
      [byDag('a', 'w'), byDag('b', 'd')],
      toLink('a'),
    ],
    [
      'two workflows of one DAG, where the artifact names the DAG alone, is a guess',
      dagAlone,
      [],
      [byDag('a', 'w'), byDag('b', 'd')],
      missed('several_workflows_of_dag', { workflows: ['w', 'd'] }),
    ],
    [
      'two runs of one workflow of a DAG',
      dagAlone,
      [],
      [byDag('a', 'w'), byDag('b', 'w')],
      toLink('a'),
    ],
  ])('%s', (_, of, otherWorkflows, matches, outcome) => {
    expect(judge(of, otherWorkflows, matches, 'all')).toMatchObject(outcome);
  });
});

describe('a run without experiment', () => {
  const subject = { kind: 'run', runId: 'r1' } as const;
  const failure = new UpstreamFailure('down');

  it.each<[string, Parameters<typeof decideRun>[1], object | null]>([
    ['nobody was asked yet', null, null],
    [
      'MLflow knows it',
      { kind: 'named', run: runOf({}, { runId: 'r1' }) },
      linked('mlflow', 'r1', '7'),
    ],
    ['MLflow does not', { kind: 'named', run: null }, { ...missed('unknown_run'), look: 'all' }],
    ['a search left it out', { kind: 'partial' }, { ...missed('no_experiment_yet'), look: 'part' }],
    ['no time', { kind: 'out_of_budget' }, { kind: 'left' }],
    ['no call', { kind: 'unasked' }, { kind: 'left' }],
    ['a failure', { kind: 'failed', failure }, { ...missed('mlflow_failed'), look: 'part' }],
  ])('%s', (_, finding, outcome) => {
    const decided = decideRun(subject, finding);
    if (outcome === null) expect(decided).toBeNull();
    else expect(decided).toMatchObject(outcome);
  });

  it('is not asked for under a name that MLflow does not give', () => {
    const odd = { kind: 'run', runId: 'my run / of today?' } as const;
    expect(decideRun(odd, null)).toMatchObject({ ...missed('no_mlflow_id'), look: 'all' });
  });

  it('is completed by other rows', () => {
    expect(byRows(subject, '9')).toMatchObject(linked('sibling', 'r1', '9'));
  });
});
