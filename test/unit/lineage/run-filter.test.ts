import { describe, expect, it } from 'vitest';
import { parseExecutionId } from '../../../src/lineage/execution-id.ts';
import { executionFilters, sweepFilter, workflowFilters } from '../../../src/lineage/run-filter.ts';

describe('filters', () => {
  it('ask for an instant by a pattern, and for a text in another zone as it is, too', () => {
    expect(
      executionFilters(parseExecutionId('2025-11-15T13:54:31.981650Z'), 'execution_id'),
    ).toEqual(["tags.execution_id LIKE '%2025-11-15_13:54:31.98165%'"]);
    expect(
      executionFilters(parseExecutionId('2025-11-15 14:54:31+01:00'), 'execution_date_param'),
    ).toEqual([
      "params.execution_date = '2025-11-15 14:54:31+01:00'",
      "params.execution_date LIKE '%2025-11-15_13:54:31%'",
    ]);
  });

  it('ask for many by what they have in common', () => {
    const ids = (...texts: string[]) => texts.map(parseExecutionId);
    expect(
      sweepFilter(
        ids('2025-11-15 13:54:31+00:00', 'manual__2025-11-18T13:07:31+00:00'),
        'execution_id',
        'a "workflow"',
      ),
    ).toBe(`tags.workflow_id = 'a "workflow"' and tags.execution_id LIKE '%2025-11-1__13:__:31%'`);
    expect(sweepFilter(ids('build 7', 'build 8'), 'airflow_run_id', null)).toBe(
      "tags.airflow_run_id LIKE 'build _'",
    );
    expect(sweepFilter(ids('build 7', 'build 18'), 'execution_id', null)).toBe(
      "tags.execution_id LIKE 'build %'",
    );
    expect(sweepFilter(ids("it's", 'it"s'), 'execution_id', null)).toBe(
      "tags.execution_id LIKE 'it_s'",
    );
    expect(sweepFilter(ids("it's 1", "it's 2"), 'execution_id', null)).toBe(
      "tags.execution_id LIKE 'it_s _'",
    );
  });

  it('ask for a workflow by both of its names, and not for one that cannot be written', () => {
    expect(workflowFilters(["it's", `both ' and "`])).toEqual([
      `tags.workflow_id = "it's"`,
      `tags.airflow_dag_id = "it's"`,
    ]);
  });

  it('ask for nothing where texts have nothing in common', () => {
    const ids = ['abc', 'xyz1'].map(parseExecutionId);
    expect(sweepFilter(ids, 'execution_id', null)).toBeNull();
    expect(sweepFilter(ids, 'execution_id', 'w')).toBe(
      "tags.workflow_id = 'w' and tags.execution_id LIKE '%'",
    );
  });
});
