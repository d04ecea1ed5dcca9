import { describe, expect, it } from 'vitest';
import { candidatesAmong, groupsOf, soleWorkflow } from '../../../src/lineage/sweep-groups.ts';
import { DATE, execution, runOf } from './samples.ts';

const AIRFLOW_RUN = 'manual__2025-11-15T13:54:31+00:00';

describe('candidatesAmong', () => {
  const instant = execution(DATE, 'w');
  const airflow = execution(AIRFLOW_RUN, 'w');
  const text = execution('nightly 7', 'w');
  const candidates = candidatesAmong([instant, airflow, text]);

  it.each([
    ['the same text', { execution_id: DATE }, [instant, airflow]],
    ['the instant in another form', { execution_id: '2025-11-15T13:54:31Z' }, [instant, airflow]],
    ['the instant in any of its tags', { airflow_run_id: AIRFLOW_RUN }, [airflow, instant]],
    ['a text that is no time', { execution_id: 'nightly 7' }, [text]],
    ['another time', { execution_id: '2025-11-15 13:54:32+00:00' }, []],
    ['nothing', {}, []],
  ])('%s', (_, tags, subjects) => {
    expect(new Set(candidates(runOf(tags)))).toEqual(new Set(subjects));
  });

  it('names a subject once, however many tags say it', () => {
    const run = runOf({ execution_id: DATE, airflow_run_id: AIRFLOW_RUN, execution_date: DATE });
    expect([...candidates(run)]).toHaveLength(2);
  });
});

describe('soleWorkflow', () => {
  it.each([
    ['one for all', ['w', 'w'], 'w'],
    ['several', ['w', 'v'], null],
    ['one, and none', ['w', ''], null],
    ['none', [''], null],
    ['nobody', [], null],
  ])('%s', (_, workflows, sole) => {
    const subjects = workflows.map((workflow) => ({ ...execution(DATE), workflow }));
    expect(soleWorkflow(subjects)).toBe(sole);
  });
});

describe('groupsOf', () => {
  it('puts instants and other texts apart, and the largest group first', () => {
    const executions = ['nightly 1', DATE, '2025-11-16 13:54:31+00:00'].map(
      (text) => [execution(text, 'w'), { usualShapes: [] }] as const,
    );
    const groups = groupsOf(new Map(executions), 0);
    expect(groups.map(({ subjects }) => subjects.map(({ id }) => id.text))).toEqual([
      [DATE, '2025-11-16 13:54:31+00:00'],
      ['nightly 1'],
    ]);
  });

  it("asks for each in its workflow's usual way first, and in the others after", () => {
    const executions = new Map([
      [execution(DATE, 'a'), { usualShapes: ['airflow_run_id' as const] }],
      [execution('2025-11-16 13:54:31+00:00', 'b'), { usualShapes: [] }],
    ]);
    const shapes = (nth: number) => groupsOf(executions, nth).map(({ shape }) => shape);
    expect(shapes(0)).toEqual(['airflow_run_id', 'execution_id']);
    expect(shapes(1)).toEqual(['execution_id', 'airflow_run_id']);
  });
});
