import { describe, expect, it } from 'vitest';
import { parseExecutionId } from '../../../src/lineage/execution-id.ts';
import type { RunShape } from '../../../src/lineage/lineage-lookup.table.ts';
import {
  chooseRun,
  idsOf,
  isSettled,
  matchRun,
  orderedShapes,
  workflowsOf,
  type RunMatch,
} from '../../../src/lineage/match-run.ts';
import type { MlflowRun } from '../../../src/mlflow/mlflow.schema.ts';
import { runOf } from './samples.ts';

let made = 0;
function run(
  tags: Record<string, string>,
  more: Partial<MlflowRun> & { params?: ReadonlyMap<string, string> } = {},
): MlflowRun {
  made += 1;
  return {
    runId: `run-${made}`,
    experimentId: '1',
    status: 'FINISHED',
    startTimeMs: made,
    isActive: true,
    tags: new Map(Object.entries(tags)),
    params: new Map(),
    ...more,
  };
}
const wanted = (id: string, ...workflows: string[]) => ({
  kind: 'execution' as const,
  id: parseExecutionId(id),
  workflow: workflows[0] ?? '',
  workflowId: workflows[0] ?? null,
  workflows,
});
const DATE = '2025-11-15 13:54:31+00:00';
const MANUAL = 'manual__2025-11-15T13:54:31+00:00';

describe('matchRun', () => {
  it.each<[string, string, Record<string, string>, 1 | 2 | null]>([
    ['the same text', DATE, { execution_id: DATE }, 2],
    ['the same instant', DATE, { execution_id: '2025-11-15T13:54:31Z' }, 2],
    ['another microsecond', DATE, { execution_id: '2025-11-15 13:54:31.000001+00:00' }, null],
    ['the same run id', MANUAL, { airflow_run_id: MANUAL }, 2],
    ['a run id for a date', DATE, { airflow_run_id: MANUAL }, 1],
    ['a date for a run id', MANUAL, { execution_date: DATE }, 1],
    [
      'another kind of run',
      MANUAL,
      { airflow_run_id: MANUAL.replace('manual', 'scheduled') },
      null,
    ],
    [
      'another run id, same logical date',
      MANUAL,
      { airflow_run_id: 'manual__2025-11-20T00:00:00+00:00', execution_date: DATE },
      null,
    ],
    [
      'own run id, other logical date',
      MANUAL,
      { airflow_run_id: MANUAL, execution_date: '2025-11-01 00:00:00+00:00' },
      2,
    ],
    [
      'another date first',
      DATE,
      { execution_id: '2025-11-16 00:00:00+00:00', execution_date: DATE },
      null,
    ],
    ['a text', 'build 7', { execution_id: 'build 7' }, 2],
    ['another text', 'build 7', { execution_id: 'build 8' }, null],
    ['nothing', DATE, {}, null],
    ['an empty tag', DATE, { execution_id: '' }, null],
  ])('%s', (_, id, tags, rank) => {
    expect(matchRun(wanted(id, 'wf'), run(tags))?.rank ?? null).toBe(rank);
  });

  it('refuses a run of another workflow and a deleted one, and takes one that names none', () => {
    expect(matchRun(wanted(DATE, 'a'), run({ execution_id: DATE, workflow_id: 'b' }))).toBeNull();
    expect(
      matchRun(wanted(DATE, 'a', 'b'), run({ execution_id: DATE, airflow_dag_id: 'b' }))
        ?.namesWorkflow,
    ).toBe(true);
    expect(matchRun(wanted(DATE, 'a'), run({ execution_id: DATE }))?.namesWorkflow).toBe(false);
    expect(matchRun(wanted(DATE), run({ execution_id: DATE, workflow_id: 'b' }))).not.toBeNull();
    expect(
      matchRun(wanted(DATE, 'a'), run({ execution_id: DATE }, { isActive: false })),
    ).toBeNull();
  });
});

describe('the choice', () => {
  const match = (more: Partial<RunMatch>, of: Partial<MlflowRun> = {}): RunMatch => ({
    run: run({}, of),
    shape: 'execution_id',
    rank: 2,
    namesWorkflow: true,
    ...more,
  });

  it('goes by workflow, then id, then state, then age', () => {
    const unnamed = match({ namesWorkflow: false }, { startTimeMs: 99_999 });
    const near = match({ rank: 1 }, { startTimeMs: 88_888 });
    const failed = match({}, { status: 'FAILED', startTimeMs: 77_777 });
    const killed = match({}, { status: 'KILLED', startTimeMs: 66_666 });
    const older = match({}, { startTimeMs: 1_000 });
    const newer = match({}, { status: 'RUNNING', startTimeMs: 2_000 });
    const all = [unnamed, near, failed, killed, older, newer];
    const order: RunMatch[] = [];
    while (all.length > order.length) {
      const next = chooseRun(all.filter((one) => !order.includes(one)));
      if (next !== null) order.push(next);
    }
    expect(order).toEqual([newer, older, failed, killed, near, unnamed]);
    expect(chooseRun([])).toBeNull();
  });

  it.each<[string, Partial<RunMatch>, Partial<MlflowRun>, RunShape[], boolean]>([
    ['it names workflow and execution, and is well', {}, {}, [], true],
    ['it still runs', {}, { status: 'RUNNING' }, [], true],
    ['it failed', {}, { status: 'FAILED' }, [], false],
    ['it names no workflow', { namesWorkflow: false }, {}, [], false],
    ['it has the instant alone', { rank: 1 }, {}, ['airflow_run_id', 'execution_id'], false],
    ['it has the instant in the usual way', { rank: 1 }, {}, ['execution_id'], true],
  ])('nothing could come before a run: %s', (_, more, of, usual, isSure) => {
    expect(isSettled(match(more, of), usual)).toBe(isSure);
  });

  it('asks in the usual ways first, and in every way once', () => {
    expect(orderedShapes([])[0]).toBe('execution_id');
    expect(orderedShapes(['execution_date_tag', 'execution_id'])).toEqual([
      'execution_date_tag',
      'execution_id',
      'airflow_run_id',
      'execution_date_param',
    ]);
  });
});

describe('what a run says of itself', () => {
  it.each([
    [{ workflow_id: 'w', airflow_dag_id: 'd' }, ['w', 'd']],
    [{ airflow_dag_id: 'd' }, ['d']],
    [{ workflow_id: '' }, []],
    [{}, []],
  ])('its workflows: %j', (tags, workflows) => {
    expect(workflowsOf(runOf(tags))).toEqual(workflows);
  });

  it('its executions, in the order in which producers are believed', () => {
    const params = new Map([['execution_date', 'p']]);
    const run = runOf({ execution_date: 'd', airflow_run_id: 'a', execution_id: 'e' }, { params });
    expect(idsOf(run).map(({ shape, id }) => [shape, id.text])).toEqual([
      ['execution_id', 'e'],
      ['airflow_run_id', 'a'],
      ['execution_date_tag', 'd'],
      ['execution_date_param', 'p'],
    ]);
    expect(idsOf(runOf({ execution_id: '' }))).toEqual([]);
  });
});
